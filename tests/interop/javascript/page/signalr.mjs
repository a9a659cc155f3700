// The client as a page gets it: a script that puts its names into an object.
export const { HttpTransportType, HubConnectionBuilder, HubConnectionState, JsonHubProtocol, LogLevel, Subject } =
  globalThis.signalR;

using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Interop
{
    /// <summary>A transport and a hub protocol.</summary>
    sealed record Way(string Transport, string Protocol)
    {
        private static readonly Dictionary<string, HttpTransportType> Transports = new()
        {
            ["websockets"] = HttpTransportType.WebSockets,
            ["server-sent-events"] = HttpTransportType.ServerSentEvents,
            ["long-polling"] = HttpTransportType.LongPolling,
        };

        private static readonly Dictionary<string, Action<IHubConnectionBuilder>> Protocols = new()
        {
            ["json"] = builder => builder.AddJsonProtocol(),
            ["newtonsoft"] = builder => builder.AddNewtonsoftJsonProtocol(),
            ["messagepack"] = builder => builder.AddMessagePackProtocol(),
        };

        /// <summary>All that there are: Server-Sent Events carry text only.</summary>
        public static IEnumerable<Way> All =>
            from transport in Transports.Keys
            from protocol in Protocols.Keys
            where (transport, protocol) != ("server-sent-events", "messagepack")
            select new Way(transport, protocol);

        public HttpTransportType TransportType => Transports[Transport];

        public bool IsWebSockets => TransportType == HttpTransportType.WebSockets;

        public bool IsLongPolling => TransportType == HttpTransportType.LongPolling;

        public void AddProtocol(IHubConnectionBuilder builder) => Protocols[Protocol](builder);

        public override string ToString() => $"{Transport}-{Protocol}";
    }
}

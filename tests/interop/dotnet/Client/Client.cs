using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>One connection of the client under test.</summary>
    sealed class Client
    {
        private readonly TaskCompletionSource<Exception?> _closed =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Client(HubConnection connection)
        {
            Connection = connection;
            connection.On<string, string>("Message", Inbox.Put);
            connection.Closed += error =>
            {
                _closed.TrySetResult(error);
                return Task.CompletedTask;
            };
        }

        public HubConnection Connection { get; }

        public Inbox Inbox { get; } = new();

        /// <summary>The id of this connection, as the server tells it.</summary>
        public string Id { get; set; } = "";

        /// <summary>The error that the handler of `Closed` is given.</summary>
        public Task<Exception?> Closed => _closed.Task.Within("the connection to close");

        public Task Start() => Connection.StartAsync().Within("the connection to start");

        public Task<T> Call<T>(string method, params object?[] arguments) =>
            Connection.InvokeCoreAsync<T>(method, arguments).Within(method);

        public Task Call(string method, params object?[] arguments) =>
            Connection.InvokeCoreAsync(method, arguments).Within(method);

        public Task Send(string method, params object?[] arguments) =>
            Connection.SendCoreAsync(method, arguments).Within($"{method} to be sent");

        /// <summary>The result as text, or the error.</summary>
        public Task<string> Outcome<T>(string method, params object?[] arguments) =>
            Shown.Outcome(Connection.InvokeCoreAsync<T>(method, arguments), method);

        /// <summary>The items as text, and the error if the stream ends with one.</summary>
        public async Task<string> Items<T>(string method, params object?[] arguments)
        {
            var items = new List<T>();
            async Task<string> Read()
            {
                try
                {
                    await foreach (var item in Connection.StreamAsyncCore<T>(method, arguments))
                    {
                        items.Add(item);
                    }
                    return "";
                }
                catch (Exception error)
                {
                    return ", then " + Shown.Of(error);
                }
            }
            var end = await Read().Within($"the end of {method}");
            return Shown.Of(items) + end;
        }

        /// <summary>Asks again until the answer is this one: for what a server does after it has answered.</summary>
        public async Task AskUntil<T>(T wanted, string method, params object?[] arguments)
        {
            async Task Ask()
            {
                while (!Equals(await Call<T>(method, arguments), wanted))
                {
                }
            }
            await Ask().Within($"{method} to answer {Shown.Of(wanted)}");
        }
    }
}

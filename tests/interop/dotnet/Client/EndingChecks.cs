using System;
using System.Collections.Generic;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>Connections that end, and begin again.</summary>
    static class EndingChecks
    {
        public static readonly Check[] All =
        [
            new("close", Close),
            new("close-for-good", CloseForGood),
            new("close-pending", ClosePending),
            new("stop", Stop),
            new("stop-and-start", StopAndStart),
            new("cut", Cut),
            new("cut-noticed", CutNoticed) { Over = way => !way.IsLongPolling },
            new("reconnect", Reconnect),
        ];

        private static async Task Close(Visit visit)
        {
            var a = await visit.Open();
            await a.Send("CloseMe");
            visit.Answer("closed", await a.Closed);
            visit.Answer("state", a.Connection.State);
        }

        /// <summary>The server's Close does not allow to reconnect.</summary>
        private static async Task CloseForGood(Visit visit)
        {
            var a = await visit.Open(reconnects: true);
            var reconnects = false;
            a.Connection.Reconnecting += _ =>
            {
                reconnects = true;
                return Task.CompletedTask;
            };
            await a.Send("CloseMe");
            visit.Answer("closed", await a.Closed);
            visit.Answer("reconnects", reconnects);
        }

        /// <summary>Calls that have not been answered fail.</summary>
        private static async Task ClosePending(Visit visit)
        {
            var a = await visit.Open();
            var sum = a.Outcome<int>("Sum", Channel.CreateUnbounded<int>().Reader);
            var doubled = a.Items<int>("Doubled", Channel.CreateUnbounded<int>().Reader);
            await a.Send("CloseMe");
            visit.Answer("closed", await a.Closed);
            visit.AnswerText("Sum", await sum);
            visit.AnswerText("Doubled", await doubled);
            visit.AnswerText("Echo", await a.Outcome<string>("Echo", "too late"));
        }

        private static async Task Stop(Visit visit)
        {
            var (a, b) = (await visit.Open(), await visit.Open());
            visit.Answer("before", await b.Call<bool>("IsConnected", a.Id));
            await a.Connection.StopAsync().Within("the connection to stop");
            visit.Answer("closed", await a.Closed);
            await b.AskUntil(false, "IsConnected", a.Id);
        }

        private static async Task StopAndStart(Visit visit)
        {
            var a = await visit.Open();
            await a.Connection.StopAsync().Within("the connection to stop");
            await a.Start();
            visit.Answer("the id is the same", await a.Call<string>("ConnectionId") == a.Id);
        }

        /// <summary>The client's side: what runs fails, and the connection closes.</summary>
        private static async Task Cut(Visit visit)
        {
            var a = await visit.Open();
            var endless = a.Items<int>("Endless");
            // Calls after it are answered, so it runs.
            await a.Call("Nothing");
            visit.Network.Down();
            visit.Answer("the stream fails", (await endless).Contains(", then "));
            visit.Answer("closed with an error", await a.Closed is not null);
        }

        /// <summary>The server's side. Over long polling it waits for a next poll, longer than a check may.</summary>
        private static async Task CutNoticed(Visit visit)
        {
            var a = await visit.Open();
            var b = await visit.Open(isDirect: true);
            visit.Network.Cut();
            await b.AskUntil(false, "IsConnected", a.Id);
        }

        /// <summary>A new connection takes the place of the lost one.</summary>
        private static async Task Reconnect(Visit visit)
        {
            var a = await visit.Open(reconnects: true);
            await a.Call("JoinGroup", $"room {visit.Tag}");
            var states = new List<HubConnectionState>();
            var reconnected = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            a.Connection.Reconnecting += _ =>
            {
                states.Add(a.Connection.State);
                visit.Network.Restore();
                return Task.CompletedTask;
            };
            a.Connection.Reconnected += id =>
            {
                reconnected.TrySetResult(id);
                return Task.CompletedTask;
            };
            visit.Network.Down();
            var told = await reconnected.Task.Within("the client to reconnect");
            states.Add(a.Connection.State);
            visit.Answer("states", states);
            var lost = a.Id;
            a.Id = await a.Call<string>("ConnectionId");
            visit.Answer("the id is that of the lost connection", a.Id == lost);
            visit.Answer("the client knows its new id", a.Id == told);
            await a.Call("SendToGroup", $"room {visit.Tag}", "the new connection is not a member");
            await visit.AnswerMessages(a, a);
        }
    }
}

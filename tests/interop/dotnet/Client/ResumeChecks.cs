using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>Stateful reconnect: the socket is lost, the connection is not.</summary>
    static class ResumeChecks
    {
        private const int Cuts = 20;

        /// <summary>The next cut comes within so many bytes.</summary>
        private const int CutWithin = 3_000;

        private static readonly Func<Way, bool> OverWebSockets = way => way.IsWebSockets;

        public static readonly Check[] All =
        [
            // One in some hundred connections of ASP.NET Core ends with an error when it has been cut that often.
            new("resume-traffic", ResumeTraffic) { Over = OverWebSockets, Tries = 3 },
            new("resume-away", ResumeAway) { Over = OverWebSockets },
            new("resume-not-closed", ResumeNotClosed) { Over = OverWebSockets },
        ];

        /// <summary>Traffic in both directions that is cut again and again: nothing is lost, nothing comes twice.</summary>
        private static async Task ResumeTraffic(Visit visit)
        {
            var a = await visit.Open(reconnects: true, resumes: true);
            var faults = FaultsOf(a);
            var random = new Random(visit.Tag);
            var traffic = new Traffic(a);
            for (var cut = 0; cut < Cuts; cut++)
            {
                for (var rounds = random.Next(2 * Traffic.Window); rounds > 0; rounds--)
                {
                    await traffic.Round();
                }
                var isCut = visit.Network.CutAfter(random.Next(CutWithin));
                while (!isCut.IsCompleted)
                {
                    await traffic.Round();
                }
            }
            await traffic.AnswerAll(visit);
            await AnswerSame(visit, a, faults);
        }

        /// <summary>Messages to and from a client that is away arrive when it is back.</summary>
        private static async Task ResumeAway(Visit visit)
        {
            var a = await visit.Open(reconnects: true, resumes: true);
            var faults = FaultsOf(a);
            var b = await visit.Open(isDirect: true);
            visit.Network.Hold();
            visit.Network.Cut();
            for (var i = 0; i < 50; i++)
            {
                await b.Call("SendToConnection", a.Id, $"away {i}");
            }
            var records = Enumerable.Range(0, 50).Select(i => a.Connection.SendCoreAsync("Record", [$"record {i}"])).ToList();
            var echo = a.Call<string>("Echo", "back");
            visit.Network.Restore();
            await Task.WhenAll(records).Within("the messages to be sent");
            visit.Answer("Echo", await echo);
            visit.Answer("Recorded", await a.Call<string[]>("Recorded"));
            await visit.AnswerMessages(a, b);
            await AnswerSame(visit, a, faults);
        }

        /// <summary>A connection that the server closes is not resumed.</summary>
        private static async Task ResumeNotClosed(Visit visit)
        {
            var a = await visit.Open(reconnects: true, resumes: true);
            await a.Send("CloseMe");
            visit.Answer("closed", await a.Closed);
            var b = await visit.Open();
            await b.AskUntil(false, "IsConnected", a.Id);
        }

        /// <summary>The faults: a new connection, or none.</summary>
        private static ConcurrentQueue<string> FaultsOf(Client client)
        {
            var faults = new ConcurrentQueue<string>();
            client.Connection.Reconnecting += error =>
            {
                faults.Enqueue("reconnecting: " + Shown.Of(error));
                return Task.CompletedTask;
            };
            client.Connection.Closed += error =>
            {
                faults.Enqueue("closed: " + Shown.Of(error));
                return Task.CompletedTask;
            };
            return faults;
        }

        private static async Task AnswerSame(Visit visit, Client client, ConcurrentQueue<string> faults)
        {
            visit.Answer("the id is the same", await client.Call<string>("ConnectionId") == client.Id);
            visit.Answer("faults", faults);
        }

        /// <summary>
        /// Numbered messages in both directions, in every form there is. Each kind is counted apart: between kinds there is
        /// no order.
        /// </summary>
        private sealed class Traffic
        {
            /// <summary>The number of calls that wait for their answers at once.</summary>
            public const int Window = 8;

            private readonly Client _client;
            private readonly Channel<string> _items = Channel.CreateUnbounded<string>();
            private readonly CancellationTokenSource _endOfCounter = new();
            private readonly List<Task<string>> _answers = new();
            private readonly List<int> _counted = new();
            private readonly Task _uploaded;
            private readonly Task _downloaded;
            private int _rounds;

            public Traffic(Client client)
            {
                _client = client;
                // Over all the cuts: longer than any other call.
                _uploaded = client.Connection.InvokeAsync("RecordStream", _items.Reader);
                _downloaded = Download();
            }

            public async Task Round()
            {
                var round = _rounds++;
                await _items.Writer.WriteAsync($"item {round}");
                _answers.Add(_client.Call<string>("Echo", $"call {round}"));
                await _client.Send("Record", $"send {round}");
                await _client.Send("SendToCaller", $"message {round}");
                if (round >= Window)
                {
                    await _answers[round - Window];
                }
            }

            /// <summary>Ends the traffic: everything has arrived, in order, once.</summary>
            public async Task AnswerAll(Visit visit)
            {
                _items.Writer.Complete();
                _endOfCounter.Cancel();
                Numbered(visit, "call", await Task.WhenAll(_answers));
                var messages = new List<string>();
                for (var i = 0; i < _rounds; i++)
                {
                    messages.Add((await _client.Inbox.Next()).Text);
                }
                Numbered(visit, "message", messages);
                await visit.AnswerMessages(_client, _client);
                await _uploaded.Within("RecordStream");
                await _downloaded.Within("the end of Counter");
                var recorded = await _client.Call<string[]>("Recorded");
                Numbered(visit, "send", recorded.Where(text => text.StartsWith("send")));
                Numbered(visit, "item", recorded.Where(text => text.StartsWith("item")));
                var isCounted = _counted.Count > 0 && _counted.SequenceEqual(Enumerable.Range(0, _counted.Count));
                visit.Answer("counted without a gap", isCounted);
            }

            private void Numbered(Visit visit, string kind, IEnumerable<string> texts)
            {
                var found = texts.ToList();
                var wanted = Enumerable.Range(0, _rounds).Select(round => $"{kind} {round}");
                var fault = found.SequenceEqual(wanted) ? "" : $", but: {Shown.Of(found)}";
                visit.AnswerText(kind, "all, in order, once" + fault);
            }

            private async Task Download()
            {
                try
                {
                    object?[] arguments = [1_000_000, 1];
                    await foreach (var item in _client.Connection.StreamAsyncCore<int>(
                        "Counter", arguments, _endOfCounter.Token))
                    {
                        _counted.Add(item);
                    }
                }
                catch (OperationCanceledException) when (_endOfCounter.IsCancellationRequested)
                {
                    // As it should end.
                }
            }
        }
    }
}

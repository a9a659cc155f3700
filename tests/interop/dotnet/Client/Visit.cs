using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>One run of one check on one server: its connections, and the answers that it got.</summary>
    sealed class Visit : IAsyncDisposable
    {
        private static int _visits;

        private readonly Uri _server;
        private readonly List<Client> _clients = new();
        private readonly List<(string Question, string Answer)> _answers = new();

        /// <summary>The delays of a connection that may reconnect.</summary>
        private static readonly TimeSpan[] ReconnectAfter =
            new[] { 0, 10, 100, 1000, 1000 }.Select(delay => TimeSpan.FromMilliseconds(delay)).ToArray();

        public Visit(Way way, Uri server, Network network)
        {
            (Way, _server, Network) = (way, server, network);
            Tag = System.Threading.Interlocked.Increment(ref _visits);
        }

        public Way Way { get; }

        /// <summary>Between the clients and the server.</summary>
        public Network Network { get; }

        /// <summary>A number of this visit's own, for the names of groups and users: several visits share a server.</summary>
        public int Tag { get; }

        /// <summary>The questions and their answers. No two questions have the same name.</summary>
        public IReadOnlyList<(string Question, string Answer)> Answers => _answers;

        public void Answer(string question, object? value) => AnswerText(question, Shown.Of(value));

        public void AnswerText(string question, string answer)
        {
            var before = _answers.Count(other => other.Question == question || other.Question.StartsWith(question + " ("));
            _answers.Add((before == 0 ? question : $"{question} ({before + 1})", answer));
        }

        /// <summary>A connection that is not started.</summary>
        public Client Build(
            string path = "/hub",
            bool reconnects = false,
            bool resumes = false,
            bool isDirect = false,
            Func<string>? token = null,
            Action<HttpConnectionOptions>? options = null,
            Action<IHubConnectionBuilder>? more = null)
        {
            var origin = isDirect ? _server : Network.Origin;
            var builder = new HubConnectionBuilder().WithUrl(new Uri(origin, path), connection =>
            {
                connection.Transports = Way.TransportType;
                if (token is not null)
                {
                    connection.AccessTokenProvider = () => Task.FromResult<string?>(token());
                }
                options?.Invoke(connection);
            });
            Way.AddProtocol(builder);
            if (reconnects)
            {
                builder.WithAutomaticReconnect(ReconnectAfter);
            }
            if (resumes)
            {
                builder.WithStatefulReconnect();
            }
            more?.Invoke(builder);
            var client = new Client(builder.Build());
            _clients.Add(client);
            return client;
        }

        /// <summary>A started connection to the interop hub, with the id that the server gives it.</summary>
        public async Task<Client> Open(
            string path = "/hub", bool reconnects = false, bool resumes = false, bool isDirect = false)
        {
            var client = Build(path, reconnects, resumes, isDirect);
            await client.Start();
            client.Id = await client.Call<string>("ConnectionId");
            return client;
        }

        /// <summary>A started connection to another hub.</summary>
        public async Task<Client> OpenAt(string path)
        {
            var client = Build(path);
            await client.Start();
            return client;
        }

        /// <summary>
        /// Reports the messages that a client has got, up to a marker that `sender` sends now: what was sent before and has
        /// not arrived by then never will. Messages of other visits, to everybody, are left out.
        /// </summary>
        public async Task AnswerMessages(Client client, Client sender)
        {
            await sender.Call("SendToConnection", client.Id, "marker");
            var got = new List<string>();
            while (await client.Inbox.Next() is var (from, text) && text != "marker")
            {
                if (_clients.Any(other => other.Id == from))
                {
                    got.Add($"{text} from {NameOf(from)}");
                }
            }
            Answer($"{NameOf(client.Id)} got", got);
        }

        public async ValueTask DisposeAsync()
        {
            Network.Restore();
            await Task.WhenAll(_clients.Select(client => Stop(client)));
        }

        /// <summary>Clients are named in the order in which they were made: a, b, c.</summary>
        private string NameOf(string id) => ((char)('a' + _clients.FindIndex(client => client.Id == id))).ToString();

        private static async Task Stop(Client client)
        {
            try
            {
                await client.Connection.DisposeAsync().AsTask().Within("the connection to stop");
            }
            catch (Exception)
            {
                // The check has said all there is to say.
            }
        }
    }
}

using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR;

namespace TestHub
{
    /// <summary>The hub of the interop suites, as `tests/interop/README.md` lists it.</summary>
    /// <remarks>What a server of this age cannot do is in `../Hub`: it adds to this class for newer ones.</remarks>
    public partial class InteropHub : Hub
    {
        private static readonly ConcurrentDictionary<string, bool> Connected = new ConcurrentDictionary<string, bool>();

        public override Task OnConnectedAsync()
        {
            ConnectionState.Attach(Context);
            Connected[Context.ConnectionId] = true;
            return Task.CompletedTask;
        }

        public override Task OnDisconnectedAsync(Exception error)
        {
            Connected.TryRemove(Context.ConnectionId, out _);
            return Task.CompletedTask;
        }

        public string Echo(string text) => text;

        public int Add(int a, int b) => a + b;

        public Person EchoPerson(Person person) => person;

        public void Nothing()
        {
        }

        public void Fail(string text) => throw new HubException(text);

        public void Crash() => throw new InvalidOperationException("this text stays on the server");

        public void Record(string text) => ConnectionState.Of(Context).Recorded.Enqueue(text);

        public string[] Recorded() => ConnectionState.Of(Context).Recorded.ToArray();

        public string ConnectionId() => Context.ConnectionId;

        public bool IsConnected(string id) => Connected.ContainsKey(id);

        public Task JoinGroup(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

        public Task LeaveGroup(string group) => Groups.RemoveFromGroupAsync(Context.ConnectionId, group);

        public Task SendToGroup(string group, string text) => Message(Clients.Group(group), text);

        public Task SendToOthersInGroup(string group, string text) => Message(Clients.OthersInGroup(group), text);

        public Task SendToAll(string text) => Message(Clients.All, text);

        public Task SendToOthers(string text) => Message(Clients.Others, text);

        public Task SendToCaller(string text) => Message(Clients.Caller, text);

        public Task SendToConnection(string id, string text) => Message(Clients.Client(id), text);

        public Task SendToUser(string user, string text) => Message(Clients.User(user), text);

        public async IAsyncEnumerable<int> Counter(int count, int delayMs, [EnumeratorCancellation] CancellationToken cancelled)
        {
            for (var i = 0; i < count; i++)
            {
                if (delayMs > 0)
                {
                    await Task.Delay(delayMs, cancelled);
                }
                yield return i;
            }
        }

        public async IAsyncEnumerable<int> CounterThenFail(int count, string text)
        {
            for (var i = 0; i < count; i++)
            {
                yield return i;
            }
            await Task.Yield();
            throw new HubException(text);
        }

        public async Task<IAsyncEnumerable<int>> CounterUnless(int count, string text)
        {
            await Task.Yield();
            return text == "" ? Counter(count, 0, default) : throw new HubException(text);
        }

        public async IAsyncEnumerable<int> Endless([EnumeratorCancellation] CancellationToken cancelled)
        {
            var state = ConnectionState.Of(Context);
            try
            {
                for (var i = 0; ; i++)
                {
                    yield return i;
                    await Task.Delay(10, cancelled);
                }
            }
            finally
            {
                if (cancelled.IsCancellationRequested)
                {
                    state.StreamCancelled();
                }
            }
        }

        public int CancelledStreams() => ConnectionState.Of(Context).CancelledStreams;

        public async Task<int> Sum(IAsyncEnumerable<int> numbers)
        {
            var sum = 0;
            await foreach (var number in numbers)
            {
                sum += number;
            }
            return sum;
        }

        public async Task<string> Concat(string separator, IAsyncEnumerable<string> parts)
        {
            var all = new List<string>();
            await foreach (var part in parts)
            {
                all.Add(part);
            }
            return string.Join(separator, all);
        }

        public async Task RecordStream(IAsyncEnumerable<string> texts)
        {
            var state = ConnectionState.Of(Context);
            await foreach (var text in texts)
            {
                state.Recorded.Enqueue(text);
            }
        }

        public async IAsyncEnumerable<int> Doubled(IAsyncEnumerable<int> numbers)
        {
            await foreach (var number in numbers)
            {
                yield return 2 * number;
            }
        }

        public Task Sleep(int ms) => Task.Delay(ms);

        public void CloseMe() => Context.Abort();

        private Task Message(IClientProxy receivers, string text) =>
            receivers.SendAsync("Message", Context.ConnectionId, text);
    }
}

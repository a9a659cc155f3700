using System.Collections.Concurrent;
using System.Threading;
using Microsoft.AspNetCore.SignalR;

namespace TestHub
{
    /// <summary>What the hub remembers of one connection. Hub objects live for one call only.</summary>
    public class ConnectionState
    {
        private static readonly object Key = new object();
        private int _cancelledStreams;
        private int _cancelledCalls;

        public ConcurrentQueue<string> Recorded { get; } = new ConcurrentQueue<string>();

        public int CancelledStreams => Volatile.Read(ref _cancelledStreams);

        public int CancelledCalls => Volatile.Read(ref _cancelledCalls);

        public void StreamCancelled() => Interlocked.Increment(ref _cancelledStreams);

        public void CallCancelled() => Interlocked.Increment(ref _cancelledCalls);

        public static void Attach(HubCallerContext context) => context.Items[Key] = new ConnectionState();

        public static ConnectionState Of(HubCallerContext context) => (ConnectionState)context.Items[Key];
    }
}

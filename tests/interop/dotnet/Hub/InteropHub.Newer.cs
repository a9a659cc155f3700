using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR;

namespace TestHub
{
    /// <summary>The methods that ASP.NET Core 3.1 cannot have.</summary>
    public partial class InteropHub
    {
        public Task<string> AskCaller(string question) =>
            Clients.Caller.InvokeAsync<string>("Confirm", question, CancellationToken.None);

        /// <summary>Ends only when its caller cancels it or leaves. Before .NET 11 a plain call cannot be cancelled.</summary>
#if NET11_0_OR_GREATER
        public async Task Hang(CancellationToken cancelled)
#else
        public async Task Hang()
#endif
        {
            var state = ConnectionState.Of(Context);
#if !NET11_0_OR_GREATER
            var cancelled = Context.ConnectionAborted;
#endif
            try
            {
                await Task.Delay(Timeout.Infinite, cancelled);
            }
            finally
            {
                state.CallCancelled();
            }
        }

        public int CancelledCalls() => ConnectionState.Of(Context).CancelledCalls;
    }
}

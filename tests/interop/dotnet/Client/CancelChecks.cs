using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>Calls that their caller does not want any more.</summary>
    static class CancelChecks
    {
        public static readonly Check[] All =
        [
            new("call-cancel-ended", CallCancelEnded),
#if CLIENT11
            // Older clients do not tell the server.
            new("call-cancel", CallCancel),
#endif
        ];

        private static async Task CallCancel(Visit visit)
        {
            var a = await visit.Open();
            for (var i = 1; i <= 20; i++)
            {
                using var cancel = new CancellationTokenSource();
                var hang = a.Connection.InvokeCoreAsync<object?>("Hang", [], cancel.Token);
                cancel.CancelAfter(5);
                try
                {
                    await hang.Within("Hang");
                    visit.AnswerText("Hang", "ended by itself");
                }
                catch (OperationCanceledException error)
                {
                    visit.Answer("Hang", error);
                }
                await a.AskUntil(i, "CancelledCalls");
            }
        }

        /// <summary>Nobody minds a cancellation that comes late.</summary>
        private static async Task CallCancelEnded(Visit visit)
        {
            var a = await visit.Open();
            using var cancel = new CancellationTokenSource();
            visit.Answer("Add", await a.Connection.InvokeCoreAsync<int>("Add", [1, 2], cancel.Token).Within("Add"));
            cancel.Cancel();
            visit.Answer("Echo", await a.Call<string>("Echo", "still here"));
        }
    }
}

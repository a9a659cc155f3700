using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>Questions of the server to a client.</summary>
    static class ClientResultChecks
    {
        public static readonly Check[] All =
        [
            new("client-result", ClientResult),
            new("client-result-error", ClientResultError),
            new("client-result-none", ClientResultNone),
            new("client-result-type", ClientResultType),
            new("client-result-null", ClientResultNull),
        ];

        private static async Task ClientResult(Visit visit)
        {
            var (a, b) = (await visit.Open(), await visit.Open());
            a.Connection.On<string, string>("Confirm", question => $"{question} yes");
            b.Connection.On<string, string>("Confirm", async question =>
            {
                // Calls made while the server waits for the answer must get through.
                var sum = await b.Call<int>("Add", 1, 1);
                return $"{question} {sum}";
            });
            visit.Answer("AskCaller", await a.Call<string>("AskCaller", "really?"));
            visit.Answer("AskCaller", await b.Call<string>("AskCaller", "one and one?"));
        }

        private static async Task ClientResultError(Visit visit)
        {
            var a = await visit.Open();
            a.Connection.On<string, string>("Confirm", string (_) => throw new InvalidOperationException("not now"));
            visit.AnswerText("AskCaller", await a.Outcome<string>("AskCaller", "really?"));
        }

        private static async Task ClientResultNone(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("without a handler", await a.Outcome<string>("AskCaller", "really?"));
            a.Connection.On<string>("Confirm", _ => { });
            visit.AnswerText("without a result", await a.Outcome<string>("AskCaller", "really?"));
        }

        private static async Task ClientResultType(Visit visit)
        {
            var a = await visit.Open();
            using (a.Connection.On<string, int[]>("Confirm", _ => [1, 2]))
            {
                var outcome = await a.Outcome<string>("AskCaller", "really?");
                // The rest is the reader's own text.
                visit.AnswerText("numbers for a text", outcome.Split("to String.")[0]);
            }
            a.Connection.On<int, string>("Confirm", _ => "yes");
            visit.AnswerText("a handler for numbers", await a.Outcome<string>("AskCaller", "really?"));
            visit.Answer("Echo", await a.Call<string>("Echo", "still here"));
        }

        private static async Task ClientResultNull(Visit visit)
        {
            var a = await visit.Open("/hub");
            a.Connection.On<string, string?>("Confirm", string? (_) => null);
            visit.AnswerText("null", await a.Outcome<string?>("AskCaller", "really?"));
        }
    }
}

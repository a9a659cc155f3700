using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;
using TestHub;

namespace Interop
{
    /// <summary>Calls and their errors.</summary>
    static class CallChecks
    {
        public static readonly Check[] All =
        [
            new("connect", Connect),
            new("connect-direct", ConnectDirect) { Over = way => way.IsWebSockets },
            new("connect-nowhere", ConnectNowhere),
            new("call-result", CallResult),
            new("call-void", CallVoid),
            new("call-case", CallCase),
            new("call-many", CallMany),
            new("error-hub", ErrorHub),
            new("error-crash", ErrorCrash),
            new("error-unknown", ErrorUnknown),
            new("error-arguments", ErrorArguments),
            new("error-call-kind", ErrorCallKind),
            new("error-case", ErrorCase),
            new("error-result", ErrorResult),
            new("error-too-large", ErrorTooLarge),
            new("send", Send),
        ];

        private static async Task Connect(Visit visit)
        {
            var (a, b) = (await visit.Open(), await visit.Open());
            visit.Answer("state", a.Connection.State);
            visit.Answer("the client knows its id", a.Connection.ConnectionId == a.Id);
            visit.Answer("length of the id", a.Id.Length);
            visit.Answer("two connections have one id", a.Id == b.Id);
        }

        private static async Task ConnectDirect(Visit visit)
        {
            var a = visit.Build(options: options => options.SkipNegotiation = true);
            await a.Start();
            visit.Answer("the client's id", a.Connection.ConnectionId);
            visit.Answer("Echo", await a.Call<string>("Echo", "direct"));
        }

        private static async Task ConnectNowhere(Visit visit)
        {
            var a = visit.Build("/nowhere");
            visit.AnswerText("start", await Shown.Outcome(Started(a), "the start"));
            visit.Answer("state", a.Connection.State);
        }

        private static async Task<string> Started(Client client)
        {
            await client.Start();
            return "started";
        }

        private static async Task CallResult(Visit visit)
        {
            var a = await visit.Open();
            visit.Answer("Echo", await a.Call<string>("Echo", "Grüße, 世界 🦀 \"quoted\" <&'+> \\ \u001e \u2028 \0 \n"));
            visit.Answer("Echo", await a.Call<string>("Echo", ""));
            visit.Answer("Echo", await a.Call<string>("Echo", new string('x', 20_000)));
            visit.Answer("Add", await a.Call<int>("Add", 40, 2));
            var person = new Person { Name = "Ada", Age = 36, Tags = ["maths", "engines"] };
            visit.Answer("EchoPerson", await a.Call<Person>("EchoPerson", person));
        }

        private static async Task CallVoid(Visit visit)
        {
            var a = await visit.Open();
            await a.Call("Nothing");
            visit.Answer("Nothing, as an object", await a.Call<object?>("Nothing"));
            visit.AnswerText("Nothing, as a number", await a.Outcome<int>("Nothing"));
            await a.Call("Echo", "a result that nobody wants");
        }

        private static async Task CallCase(Visit visit)
        {
            var a = await visit.Open();
            visit.Answer("eCHO", await a.Call<string>("eCHO", "found"));
        }

        /// <summary>A hundred at once, on one connection.</summary>
        private static async Task CallMany(Visit visit)
        {
            var a = await visit.Open();
            var calls = new List<Task<string>>();
            for (var i = 0; i < 100; i++)
            {
                calls.Add(a.Call<string>("Echo", $"call {i}"));
            }
            visit.Answer("Echo", await Task.WhenAll(calls));
        }

        private static async Task ErrorHub(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("Fail", await a.Outcome<object>("Fail", "no room"));
            visit.AnswerText("Fail", await a.Outcome<object>("Fail", ""));
        }

        private static async Task ErrorCrash(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("Crash", await a.Outcome<object>("Crash"));
        }

        private static async Task ErrorUnknown(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("NoSuchMethod", await a.Outcome<object>("NoSuchMethod"));
            visit.AnswerText("noSuch", await a.Items<int>("noSuch", 1));
            visit.AnswerText("OnConnectedAsync", await a.Outcome<object>("OnConnectedAsync"));
        }

        private static async Task ErrorArguments(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("too few", await a.Outcome<int>("Add", 1));
            visit.AnswerText("too many", await a.Outcome<int>("Add", 1, 2, 3));
            visit.AnswerText("of another type", await a.Outcome<int>("Add", 1, "two"));
            visit.AnswerText("null for a number", await a.Outcome<int>("Add", 1, null));
            visit.AnswerText("none for a stream", await a.Items<int>("Counter"));
        }

        private static async Task ErrorCallKind(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("a stream, called", await a.Outcome<int>("Counter", 1, 0));
            visit.AnswerText("a call, streamed", await a.Items<string>("Echo", "x"));
        }

        /// <summary>Errors name the method as it is declared.</summary>
        private static async Task ErrorCase(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("fAIL", await a.Outcome<object>("fAIL", "no room"));
            visit.AnswerText("aDD", await a.Outcome<int>("aDD"));
            visit.AnswerText("cOUNTER", await a.Outcome<int>("cOUNTER", 1, 0));
        }

        /// <summary>A result of another type than the client wants fails this call only.</summary>
        private static async Task ErrorResult(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("a text for a number", await a.Outcome<int>("Echo", "not a number"));
            visit.AnswerText("a number for a text", await a.Outcome<string>("Add", 1, 2));
            visit.Answer("Echo", await a.Call<string>("Echo", "still here"));
        }

        private static async Task ErrorTooLarge(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("Echo", await a.Outcome<string>("Echo", new string('x', 40_000)));
            visit.Answer("closed", await a.Closed);
        }

        /// <summary>Nobody waits for an answer, and an error in one disturbs nothing.</summary>
        private static async Task Send(Visit visit)
        {
            var a = await visit.Open();
            await a.Send("Record", "one");
            await a.Send("Fail", "nobody hears this");
            await a.Send("NoSuchMethod");
            await a.Send("Add", "few");
            await a.Send("Counter", 1, 0);
            await a.Send("Record", "two");
            await a.Send("Record", "three");
            visit.Answer("Recorded", await a.Call<string[]>("Recorded"));
        }
    }
}

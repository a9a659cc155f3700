using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>Users that show tokens, and what ends with them.</summary>
    static class TokenChecks
    {
        public static readonly Check[] All =
        [
            new("token", Token),
            new("token-none", TokenNone),
            new("token-of-another", TokenOfAnother),
            new("token-expires", TokenExpires),
        ];

        /// <summary>A client of .NET 11 refreshes by itself, unless it is told not to.</summary>
        public static readonly Action<IHubConnectionBuilder> Manually =
#if CLIENT11
            builder => builder.WithAuthenticationRefresh(options => options.EnableAutoRefresh = false);
#else
            _ => { };
#endif

        private static async Task Token(Visit visit)
        {
            var token = Tokens.Of("ada", "reader", Tokens.Long);
            var a = visit.Build(Tokens.Path, token: () => token, more: Manually);
            await a.Start();
            visit.Answer("WhoAmI", await a.Call<string>("WhoAmI"));
        }

        private static async Task TokenNone(Visit visit)
        {
            var nobody = visit.Build(Tokens.Path);
            visit.AnswerText("without a token", await StartOf(nobody));
            var late = Tokens.Of("ada", "reader", TimeSpan.FromSeconds(-10));
            var a = visit.Build(Tokens.Path, token: () => late);
            visit.AnswerText("with an expired token", await StartOf(a));
        }

        /// <summary>One user negotiates, another one opens the transport.</summary>
        private static async Task TokenOfAnother(Visit visit)
        {
            var tokens = new Queue<string>();
            tokens.Enqueue(Tokens.Of("ada", "reader", Tokens.Long));
            tokens.Enqueue(Tokens.Of("bob", "reader", Tokens.Long));
            // Over HTTP a client keeps the token that it has negotiated with.
            var a = visit.Build(Tokens.Path, token: () => tokens.Count > 1 ? tokens.Dequeue() : tokens.Peek(), more: Manually);
            visit.AnswerText("start", await StartOf(a));
        }

        private static async Task TokenExpires(Visit visit)
        {
            var token = Tokens.Of("ada", "reader", TimeSpan.FromSeconds(2));
            var a = visit.Build(Tokens.Path, token: () => token, more: Manually);
            await a.Start();
            var error = await a.Closed;
            // A poll may come first, and is refused for its token.
            visit.Answer("closed", visit.Way.IsLongPolling ? "in some way" : error);
        }

        private static async Task<string> StartOf(Client client)
        {
            async Task<string> Start()
            {
                await client.Start();
                return "started";
            }
            return await Shown.Outcome(Start(), "the start");
        }
    }
}

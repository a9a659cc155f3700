using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;

namespace Interop
{
    /// <summary>New credentials for a connection that goes on: clients can do that since .NET 11.</summary>
    static class RefreshChecks
    {
#if !CLIENT11
        public static readonly Check[] All = [];
#else
        public static readonly Check[] All =
        [
            new("refresh", Refresh),
            new("refresh-automatic", RefreshAutomatic),
            new("refresh-refused", RefreshRefused),
            new("refresh-of-another", RefreshOfAnother),
            new("refresh-of-nobody", RefreshOfNobody),
        ];

        private static async Task Refresh(Visit visit)
        {
            var token = Tokens.Of("ada", "reader", TimeSpan.FromSeconds(4));
            var a = visit.Build(Tokens.Path, token: () => token, more: TokenChecks.Manually);
            var told = new TaskCompletionSource<TimeSpan?>(TaskCreationOptions.RunContinuationsAsynchronously);
            a.Connection.AuthenticationRefreshed += refreshed =>
            {
                told.TrySetResult(refreshed.NewTokenLifetime);
                return Task.CompletedTask;
            };
            await a.Start();
            visit.Answer("before", await a.Call<string>("WhoAmI"));
            token = Tokens.Of("ada", "writer", Tokens.Long);
            var lifetime = await a.Connection.RefreshAuthenticationAsync().Within("the refresh");
            visit.Answer("the lifetime is that of the token", Tokens.IsAbout(lifetime, Tokens.Long));
            visit.Answer("so is that of the event", Tokens.IsAbout(await told.Task.Within("the event"), Tokens.Long));
            visit.Answer("after", await a.Call<string>("WhoAmI"));
            await a.AskUntil(1, "Refreshed");
            // Past the expiry of the first token, and of what the server sees of it.
            await Task.WhenAny(a.Closed, Task.Delay(TimeSpan.FromSeconds(6)));
            visit.Answer("after the first token", await a.Call<string>("WhoAmI"));
        }

        /// <summary>The client shows a new token in time by itself.</summary>
        private static async Task RefreshAutomatic(Visit visit)
        {
            var roles = 0;
            string Next() => Tokens.Of("ada", roles++ == 0 ? "first" : "newer", TimeSpan.FromSeconds(3));
            var a = visit.Build(Tokens.Path, token: Next);
            var refreshes = 0;
            var thrice = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            a.Connection.AuthenticationRefreshed += _ =>
            {
                if (++refreshes == 3)
                {
                    thrice.TrySetResult("three times");
                }
                return Task.CompletedTask;
            };
            a.Connection.AuthenticationRefreshFailed += failed =>
            {
                thrice.TrySetException(failed.Exception);
                return Task.CompletedTask;
            };
            a.Connection.Closed += _ =>
            {
                thrice.TrySetResult("closed before");
                return Task.CompletedTask;
            };
            await a.Start();
            visit.AnswerText("refreshed", await Shown.Outcome(thrice.Task, "three refreshes"));
            if (thrice.Task.IsCompletedSuccessfully && refreshes == 3)
            {
                visit.Answer("WhoAmI", await a.Call<string>("WhoAmI"));
            }
        }

        /// <summary>The application does not want these credentials.</summary>
        private static async Task RefreshRefused(Visit visit)
        {
            var token = Tokens.Of("ada", "reader", Tokens.Long);
            var a = visit.Build(Tokens.Path, token: () => token, more: TokenChecks.Manually);
            await a.Start();
            token = Tokens.Of("ada", "refused", Tokens.Long);
            visit.AnswerText("refresh", await Shown.Outcome(a.Connection.RefreshAuthenticationAsync(), "the refresh"));
            visit.Answer("WhoAmI", await a.Call<string>("WhoAmI"));
            visit.Answer("Refreshed", await a.Call<int>("Refreshed"));
        }

        private static async Task RefreshOfAnother(Visit visit)
        {
            var token = Tokens.Of("ada", "reader", Tokens.Long);
            var a = visit.Build(Tokens.Path, token: () => token, more: TokenChecks.Manually);
            await a.Start();
            token = Tokens.Of("bob", "reader", Tokens.Long);
            visit.AnswerText("refresh", await Shown.Outcome(a.Connection.RefreshAuthenticationAsync(), "the refresh"));
            visit.Answer("WhoAmI", await a.Call<string>("WhoAmI"));
        }

        private static async Task RefreshOfNobody(Visit visit)
        {
            var token = Tokens.Of("ada", "reader", Tokens.Long);
            var a = visit.Build(Tokens.Path, token: () => token, more: TokenChecks.Manually);
            await a.Start();
            token = "";
            visit.AnswerText("refresh", await Shown.Outcome(a.Connection.RefreshAuthenticationAsync(), "the refresh"));
            visit.Answer("WhoAmI", await a.Call<string>("WhoAmI"));
        }
#endif
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>Streams in both directions.</summary>
    static class StreamChecks
    {
        public static readonly Check[] All =
        [
            new("stream-down", StreamDown),
            new("stream-down-channel", StreamDownChannel),
            new("stream-down-error", StreamDownError),
            new("stream-refused", StreamRefused),
            new("stream-cancel", StreamCancel),
            new("stream-cancel-at-once", StreamCancelAtOnce),
            new("stream-up-items", StreamUpItems),
            new("stream-up", StreamUp),
            new("stream-up-argument", StreamUpArgument),
            new("stream-up-error", StreamUpError),
            new("stream-up-type", StreamUpType),
            new("stream-up-number", StreamUpNumber),
            new("stream-both", StreamBoth),
        ];

        public static async IAsyncEnumerable<T> Items<T>(IEnumerable<T> items)
        {
            foreach (var item in items)
            {
                await Task.Yield();
                yield return item;
            }
        }

        private static async Task StreamDown(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("five", await a.Items<int>("Counter", 5, 1));
            visit.AnswerText("none", await a.Items<int>("Counter", 0, 0));
            visit.AnswerText("many", await a.Items<int>("Counter", 500, 0));
            var together = await Task.WhenAll(
                a.Items<int>("Counter", 20, 1), a.Items<int>("Counter", 30, 1), a.Items<int>("Counter", 40, 0));
            visit.Answer("three at once", together);
        }

        private static async Task StreamDownChannel(Visit visit)
        {
            var a = await visit.Open();
            var channel = await a.Connection.StreamAsChannelCoreAsync(
                "Counter", typeof(int), [3, 0], CancellationToken.None).Within("Counter");
            var items = new List<object?>();
            while (await channel.WaitToReadAsync().AsTask().Within("an item"))
            {
                while (channel.TryRead(out var item))
                {
                    items.Add(item);
                }
            }
            visit.Answer("Counter", items);
        }

        private static async Task StreamDownError(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("CounterThenFail", await a.Items<int>("CounterThenFail", 2, "ran dry"));
            visit.AnswerText("CounterThenFail", await a.Items<int>("CounterThenFail", 0, "was dry"));
        }

        private static async Task StreamRefused(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("CounterUnless", await a.Items<int>("CounterUnless", 2, "ran dry"));
            visit.AnswerText("CounterUnless", await a.Items<int>("CounterUnless", 2, ""));
        }

        private static async Task StreamCancel(Visit visit)
        {
            var a = await visit.Open();
            visit.Answer("before", await a.Call<int>("CancelledStreams"));
            using var cancel = new CancellationTokenSource();
            async Task<string> Read()
            {
                var last = -1;
                try
                {
                    await foreach (var item in a.Connection.StreamAsyncCore<int>("Endless", [], cancel.Token))
                    {
                        last = item;
                        if (item == 3)
                        {
                            cancel.Cancel();
                        }
                    }
                    return "ended by itself";
                }
                catch (OperationCanceledException error)
                {
                    return last < 3 ? "cancelled too early" : error.GetType().Name;
                }
            }
            visit.AnswerText("Endless", await Read().Within("Endless"));
            await a.AskUntil(1, "CancelledStreams");
            visit.Answer("Echo", await a.Call<string>("Echo", "still here"));
        }

        /// <summary>Each stream has begun when it is cancelled, however soon that comes.</summary>
        private static async Task StreamCancelAtOnce(Visit visit)
        {
            var a = await visit.Open();
            for (var i = 0; i < 100; i++)
            {
                using var cancel = new CancellationTokenSource();
                await a.Connection.StreamAsChannelCoreAsync("Endless", typeof(int), [], cancel.Token).Within("Endless");
                cancel.Cancel();
                if (i % 5 == 0)
                {
                    // Not all of them at once: servers may limit that.
                    await a.Call("Nothing");
                }
            }
            await a.AskUntil(100, "CancelledStreams");
        }

        private static async Task StreamUpItems(Visit visit)
        {
            var a = await visit.Open();
            await a.Call("RecordStream", Items(Enumerable.Range(0, 30).Select(i => $"line {i}")));
            visit.Answer("Recorded", await a.Call<string[]>("Recorded"));
        }

        private static async Task StreamUp(Visit visit)
        {
            var a = await visit.Open();
            visit.Answer("four", await a.Call<int>("Sum", Items(new[] { 1, 2, 3, 4 })));
            visit.Answer("none", await a.Call<int>("Sum", Items(Array.Empty<int>())));
            visit.Answer("many", await a.Call<int>("Sum", Items(Enumerable.Range(0, 200))));
            var channel = Channel.CreateUnbounded<int>();
            var sum = a.Call<int>("Sum", channel.Reader);
            await channel.Writer.WriteAsync(40);
            await channel.Writer.WriteAsync(2);
            channel.Writer.Complete();
            visit.Answer("from a channel", await sum);
        }

        private static async Task StreamUpArgument(Visit visit)
        {
            var a = await visit.Open();
            visit.Answer("Concat", await a.Call<string>("Concat", "-", Items(new[] { "a", "b", "c" })));
        }

        /// <summary>A stream that fails where it comes from fails the call.</summary>
        private static async Task StreamUpError(Visit visit)
        {
            var a = await visit.Open();
            var channel = Channel.CreateUnbounded<int>();
            var sum = a.Outcome<int>("Sum", channel.Reader);
            await channel.Writer.WriteAsync(1);
            channel.Writer.Complete(new InvalidOperationException("ran dry"));
            visit.AnswerText("Sum", await sum);
        }

        /// <summary>An item of another type fails the call.</summary>
        private static async Task StreamUpType(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("Sum", await a.Outcome<int>("Sum", Items(new object[] { 1, "two", 3 })));
            visit.Answer("Echo", await a.Call<string>("Echo", "still here"));
        }

        private static async Task StreamUpNumber(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("two streams", await a.Outcome<int>("Sum", Items(new[] { 1 }), Items(new[] { 2 })));
            visit.AnswerText("no stream", await a.Outcome<int>("Sum"));
        }

        private static async Task StreamBoth(Visit visit)
        {
            var a = await visit.Open();
            visit.AnswerText("Doubled", await a.Items<int>("Doubled", Items(new[] { 1, 2, 3 })));
            visit.AnswerText("Doubled", await a.Items<int>("Doubled", Items(Enumerable.Range(0, 200))));
        }
    }
}

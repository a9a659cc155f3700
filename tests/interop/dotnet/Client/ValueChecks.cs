using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR.Client;
using TestHub;

namespace Interop
{
    /// <summary>Values of every kind, in every place where a value can be.</summary>
    static class ValueChecks
    {
        private const string Path = "/values";

        public static readonly Check[] All =
        [
            new("values-numbers", Numbers),
            new("values-texts", Texts),
            new("values-bytes", Bytes),
            new("values-times", Times),
            new("values-spans", Spans),
            new("values-collections", Collections),
            new("values-object", Object),
            new("values-item", Item),
            new("values-sent", Sent),
            new("values-asked", Asked),
            new("values-refused", Refused),
            new("values-times-read", TimesRead),
            new("values-times-range", TimesRange),
            new("values-bytes-read", BytesRead),
        ];

        private static Everything Full => new()
        {
            Truth = true,
            Count = -7,
            Large = long.MinValue,
            Ratio = 0.1,
            Price = 12.5m,
            Letter = 'ß',
            Text = "Grüße 🦀",
            Nothing = null!,
            Bytes = [0, 1, 127, 128, 255],
            Id = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
            When = new DateTime(2024, 2, 29, 12, 34, 56, 789, DateTimeKind.Utc),
            Where = new DateTimeOffset(2024, 2, 29, 12, 34, 56, TimeSpan.FromMinutes(-210)),
            HowLong = new TimeSpan(1, 2, 3, 4, 5),
            Day = new DateOnly(2024, 2, 29),
            Hour = new TimeOnly(23, 59, 58, 999),
            Link = new Uri("https://example.org/a?b=c#d"),
            Colour = Colour.DarkBlue,
            Perhaps = null,
            List = [1, 2, 3],
            ByName = new() { ["CamelKey"] = 1, [""] = 2 },
            People = [new Person { Name = "Ada", Age = 36, Tags = [] }],
        };

        private static async Task Echo<T>(this Visit visit, Client client, string kind, params T[] values)
        {
            foreach (var value in values)
            {
                visit.AnswerText($"{kind} {Shown.Of(value)}", await client.Outcome<T>($"Echo{kind}", value));
            }
        }

        private static async Task Numbers(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.Echo(a, "Bool", true, false);
            await visit.Echo(a, "SByte", sbyte.MinValue, (sbyte)-1, sbyte.MaxValue);
            await visit.Echo(a, "Byte", byte.MinValue, (byte)127, byte.MaxValue);
            await visit.Echo(a, "Short", short.MinValue, (short)-129, short.MaxValue);
            await visit.Echo(a, "UShort", ushort.MinValue, (ushort)256, ushort.MaxValue);
            await visit.Echo(a, "Int", int.MinValue, -32_769, -33, 0, 65_536, int.MaxValue);
            await visit.Echo(a, "UInt", uint.MinValue, uint.MaxValue);
            await visit.Echo(a, "Long", long.MinValue, (1L << 53) + 1, 4_294_967_296, long.MaxValue);
            await visit.Echo(a, "ULong", ulong.MinValue, ulong.MaxValue);
            await visit.Echo(a, "Float", 0f, 1.5f, 0.1f, float.MinValue, float.MaxValue, float.Epsilon);
            await visit.Echo(a, "Double", 0, -1.5, 0.1, 100, 1e300, double.MinValue, double.MaxValue, double.Epsilon);
            await visit.Echo(a, "Decimal", 0m, 5m, -12.5m, 0.1m, 1_234_567.89m);
            await visit.Echo(a, "Colour", Colour.Red, Colour.DarkBlue);
            await visit.Echo(a, "Nullable", (int?)7, null);
        }

        private static async Task Texts(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.Echo(a, "Char", 'a', 'ß', '"', '世');
            await visit.Echo(a, "String", "", "plain", "\0\u001e\u007f\u0080\u2028\ufeff", "🦀 \\ \" / <&'+>", null!);
            await visit.Echo(a, "Guid", Guid.Empty, new Guid("00112233-4455-6677-8899-aabbccddeeff"));
            await visit.Echo(a, "Uri", new Uri("https://example.org/a?b=c#d"), new Uri("relative/ä", UriKind.Relative));
        }

        private static async Task Bytes(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            var all = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
            await visit.Echo(a, "Bytes", Array.Empty<byte>(), [0xff], [0xfb, 0xff], all);
        }

        private static async Task Times(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            DateTime At(DateTimeKind kind) => new DateTime(2024, 2, 29, 12, 34, 56, kind).AddTicks(1_234_567);
            await visit.Echo(a, "DateTime", At(DateTimeKind.Utc), At(DateTimeKind.Local), At(DateTimeKind.Unspecified));
            await visit.Echo(a, "DateTime", DateTime.UnixEpoch);
            await visit.Echo(a, "DateTime", new DateTime(1, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            await visit.Echo(a, "DateTime", new DateTime(9999, 12, 31, 23, 59, 59, DateTimeKind.Utc));
            foreach (var minutes in new[] { 0, 120, -210, 840, -840 })
            {
                var local = new DateTimeOffset(2024, 2, 29, 12, 34, 56, 789, TimeSpan.FromMinutes(minutes));
                await visit.Echo(a, "DateTimeOffset", local);
            }
            await visit.Echo(a, "DateTimeOffset", DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        }

        private static async Task Spans(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.Echo(a, "TimeSpan", TimeSpan.Zero, new TimeSpan(1, 2, 3, 4, 5), new TimeSpan(-1), TimeSpan.MaxValue);
            await visit.Echo(a, "DateOnly", DateOnly.MinValue, new DateOnly(2024, 2, 29), DateOnly.MaxValue);
            await visit.Echo(a, "TimeOnly", TimeOnly.MinValue, new TimeOnly(1, 2, 3, 4), TimeOnly.MaxValue);
        }

        private static async Task Collections(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.Echo(a, "Lists", new List<List<int>>(), [[], [1], [1, 2, 3]], [[.. Enumerable.Range(0, 1000)]]);
            await visit.Echo(a, "ByName", new Dictionary<string, int>(), new() { ["CamelKey"] = 1, ["ä ö"] = 2, [""] = 3 });
        }

        private static async Task Object(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            visit.AnswerText("EchoEverything", await a.Outcome<Everything>("EchoEverything", Full));
        }

        private static async Task Item(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            var items = StreamChecks.Items(new[] { Full, Full });
            visit.AnswerText("EchoItems", await a.Items<Everything>("EchoItems", items));
        }

        private static async Task Sent(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            var got = new TaskCompletionSource<Everything>(TaskCreationOptions.RunContinuationsAsynchronously);
            a.Connection.On<Everything>("Value", got.SetResult);
            visit.AnswerText("SendBack", await a.Outcome<object>("SendBack", Full));
            visit.AnswerText("Value", await Shown.Outcome(got.Task, "Value"));
        }

        private static async Task Asked(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            a.Connection.On<Everything, Everything>("Answer", value => value);
            visit.AnswerText("AskBack", await a.Outcome<Everything>("AskBack", Full));
        }

        /// <summary>Values of another type than the method takes.</summary>
        private static async Task Refused(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.Offer<bool>(a, "Bool", 1, 0, "true", null);
            await visit.Offer<byte>(a, "Byte", 256, -1, 1.5, "1", 255.0, -0.0);
            await visit.Offer<int>(a, "Int", 2_147_483_648, 1.5, 1.0, -0.0, 7m, 7.0m, "1", true, null, new[] { 1 });
            await visit.Offer<long>(a, "Long", -0.0, 0.0);
            await visit.Offer<ulong>(a, "ULong", -1, 1e20, 1e19, ulong.MaxValue, -0.0);
            await visit.Offer<float>(a, "Float", "1.5", true, 1, 0.1);
            await visit.Offer<double>(a, "Double", "1.5", true, 1, ulong.MaxValue, -0.0);
            await visit.Offer<string>(a, "String", 5, true, new[] { "a" });
            await visit.Offer<List<List<int>>>(a, "Lists", 1, "[]", new[] { 1 });
            await visit.Offer<Dictionary<string, int>>(a, "ByName", 1, new Dictionary<string, string> { ["a"] = "b" });
            visit.Answer("EchoInt", await a.Call<int>("EchoInt", 7));
        }

        /// <summary>Texts, as times. Without an offset they are of the time zone of the server, which is UTC.</summary>
        private static async Task TimesRead(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            string[] texts =
            [
                "2024-02-29", "2024-02-29T12:34", "2024-02-29T12:34Z", "2024-02-29T12:34:56", "2024-02-29T12:34:56Z",
                "2024-02-29T12:34:56.1Z", "2024-02-29T12:34:56.12345678Z", "2024-02-29T12:34:56.1234567891234567Z",
                "2024-02-29T12:34:56.12345678912345678Z", "2024-02-29T12:34:56.Z", "2024-02-29T12:34:56.",
                "2024-02-29T12:34:56.+01:00", "2024-02-29T12:34:56,5Z",
                "2024-02-29t12:34:56z", "2024-02-29 12:34:56Z", " 2024-02-29T12:34:56Z", "2024-02-29T12:34:56Z ",
                "2024-02-29T12:34:56+01:00", "2024-02-29T12:34:56+01", "2024-02-29T12:34:56+0100",
                "2024-02-29T12:34:56-00:00", "2024-02-29T12:34:56+14:00", "2024-02-29T12:34:56-14:00",
                "2024-02-29T12:34:56-15:00", "2024-02-29T12:34:56+24:00", "2024-02-29T12:34:56+00:60",
                "2023-02-29T12:34:56Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-32T00:00:00Z",
                "2024-02-29T24:00:00Z", "2024-02-29T24:00:00.1Z", "2024-02-29T24:01:00Z", "2024-02-29T23:59:60Z", "2024-02-29T23:60:00Z", "2024-060", "20240229T123456Z",
                "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "+2024-02-29T12:34:56Z",
                "yesterday", "",
            ];
            // With MessagePack a text is no time.
            object?[] offers = [.. visit.Way.Protocol == "messagepack" ? texts[..1] : texts, 0, true, null];
            await visit.OfferTimes(a, offers);
        }

        /// <summary>Times that .NET does not have, and those next to them.</summary>
        private static async Task TimesRange(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.OfferTimes(
                a,
                "2024-02-29T12:34:56+14:01", "2024-02-29T12:34:56-14:01",
                "0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00-14:00",
                "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59+14:00", "9999-12-31T24:00:00Z");
            // The form that an offset has with MessagePack.
            foreach (var (clock, minutes) in new[]
            {
                (DateTime.UnixEpoch, 840), (DateTime.UnixEpoch, -840), (DateTime.UnixEpoch, 841), (DateTime.UnixEpoch, -841),
                (DateTime.MinValue, 0), (DateTime.MinValue, 1), (DateTime.MinValue, -1),
                (DateTime.MaxValue, 1), (DateTime.MaxValue, -1),
            })
            {
                var utc = DateTime.SpecifyKind(clock, DateTimeKind.Utc);
                await visit.Offer<DateTimeOffset>(a, "DateTimeOffset", new object[] { utc, minutes });
            }
            await visit.Offer<DateTimeOffset>(a, "DateTimeOffset", new object[] { DateTime.UnixEpoch, 0, 0 });
            await visit.Offer<DateTimeOffset>(a, "DateTimeOffset", new object[] { DateTime.UnixEpoch });
        }

        private static async Task OfferTimes(this Visit visit, Client client, params object?[] values)
        {
            foreach (var value in values)
            {
                async Task<DateTime> Echo() => (await client.Call<DateTime>("EchoDateTime", value)).ToUniversalTime();
                visit.AnswerText($"DateTime {Shown.Of(value)}", await Shown.Outcome(Echo(), "EchoDateTime"));
            }
            await visit.Offer<DateTimeOffset>(client, "DateTimeOffset", values);
        }

        /// <summary>Texts, as bytes.</summary>
        private static async Task BytesRead(Visit visit)
        {
            var a = await visit.OpenAt(Path);
            await visit.Offer<byte[]>(
                a, "Bytes",
                "", " ", "AAE=", "AAE", "AAF=", "AB==", "AA==AAAA", "AAE= ", "AA\nE=", "AA= =", "-_8=", "+/8=", "A", "====", "ä",
                new string('A', 40));
            await visit.Offer<byte[]>(a, "Bytes", 5, true, Array.Empty<int>(), new[] { 1, 255 }, new[] { 256 }, new[] { -1 });
        }

        /// <summary>Calls a method with values that may not be of its type.</summary>
        private static async Task Offer<T>(this Visit visit, Client client, string kind, params object?[] values)
        {
            foreach (var value in values)
            {
                visit.AnswerText($"{kind} {Shown.Of(value)}", await client.Outcome<T>($"Echo{kind}", value));
            }
        }
    }
}

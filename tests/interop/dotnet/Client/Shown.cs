using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Interop
{
    /// <summary>Values as text, so that two servers can be compared: equal values have equal texts.</summary>
    static class Shown
    {
        private const int Longest = 100;

        private static readonly JsonSerializerOptions Readable =
            new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        public static string Of(object? value) => value switch
        {
            null => "null",
            bool truth => truth ? "true" : "false",
            string text => Of(text),
            char letter => Of(letter.ToString()),
            byte[] bytes => "0x" + Convert.ToHexString(bytes),
            Exception error => $"{error.GetType().Name} {Of(error.Message)}",
            // The kind says what the client makes of it: a point in time, or what a clock shows somewhere.
            DateTime time => $"{time.ToString("O", CultureInfo.InvariantCulture)} {time.Kind}",
            DateTimeOffset or DateOnly or TimeOnly => Format((IFormattable)value, "O"),
            Enum or Guid or Uri => value.ToString()!,
            IFormattable number => Format(number, null),
            IDictionary entries => "{" + string.Join(", ", Entries(entries)) + "}",
            IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(Of)) + "]",
            _ => "{" + string.Join(", ", Members(value)) + "}",
        };

        /// <summary>The task's result, or the error that it ends with.</summary>
        public static async Task<string> Outcome<T>(Task<T> task, string what)
        {
            try
            {
                return Of(await task.Within(what));
            }
            catch (Exception error) when (error is not TimeoutException)
            {
                return Of(error);
            }
        }

        private static string Of(string text)
        {
            var quoted = JsonSerializer.Serialize(text, Readable);
            if (quoted.Length <= 3 * Longest)
            {
                return quoted;
            }
            var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
            return $"{quoted[..Longest]}… ({text.Length} characters, SHA-256 {hash})";
        }

        private static string Format(IFormattable value, string? format) =>
            value.ToString(format, CultureInfo.InvariantCulture);

        private static IEnumerable<string> Entries(IDictionary entries) =>
            entries.Keys.Cast<object>().Select(key => $"{Of(key)}: {Of(entries[key])}").Order(StringComparer.Ordinal);

        private static IEnumerable<string> Members(object value) =>
            value.GetType().GetProperties().Select(member => $"{member.Name}: {Of(member.GetValue(value))}");
    }
}

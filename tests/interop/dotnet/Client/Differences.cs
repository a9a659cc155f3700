using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;
using System.Linq;

namespace Interop
{
    /// <summary>One answer of one server.</summary>
    sealed record Place(string Server, string Client, Way Way, string Check, string Question);

    /// <summary>
    /// The answers of servers that are known to differ from the reference's, with the reason: `../differences.txt`. Each
    /// line covers places, by patterns with `*` and a `;` between them, and all the places that it covers must differ.
    /// </summary>
    sealed class Differences
    {
        private readonly List<Line> _lines;

        private Differences(List<Line> lines) => _lines = lines;

        public static Differences Read(string file) =>
            new(File.ReadLines(file).Where(line => line != "" && !line.StartsWith('#')).Select(Line.Read).ToList());

        /// <summary>The reason why this place differs; null if it should not.</summary>
        public string? ReasonAt(Place place)
        {
            var line = _lines.Find(line => line.Covers(place));
            if (line is null)
            {
                return null;
            }
            lock (line)
            {
                line.IsUsed = true;
            }
            return line.Reason;
        }

        /// <summary>Lines about these servers and this client that cover no answer at all.</summary>
        public IEnumerable<string> Unused(IEnumerable<string> servers, string client) =>
            _lines.Where(line => !line.IsUsed && servers.Any(line.IsOn) && line.IsBy(client)).Select(line => line.Text);

        private sealed record Line(
            string Text, string Server, string Client, string Way, string Check, string Question, string Reason)
        {
            public bool IsUsed { get; set; }

            public static Line Read(string text)
            {
                var parts = text.Split('|', 3, StringSplitOptions.TrimEntries);
                var place = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (parts.Length != 3 || place.Length != 4 || parts[2] == "")
                {
                    throw new FormatException($"not SERVER CLIENT WAY CHECK | QUESTION | REASON: {text}");
                }
                return new(text, place[0], place[1], place[2], place[3], parts[1], parts[2]);
            }

            public bool IsOn(string server) => Matches(Server, server);

            public bool IsBy(string client) => Matches(Client, client);

            public bool Covers(Place place) =>
                IsOn(place.Server) && IsBy(place.Client) && Matches(Way, place.Way.ToString())
                && Matches(Check, place.Check) && Matches(Question, place.Question);

            private static bool Matches(string patterns, string text) =>
                patterns.Split(';', StringSplitOptions.TrimEntries).Any(pattern =>
                    FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\"), text, ignoreCase: false));
        }
    }
}

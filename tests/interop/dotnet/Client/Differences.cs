using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;
using System.Linq;

namespace Interop
{
    /// <summary>One answer of one server.</summary>
    sealed record Place(string Server, string Client, Way Way, string Check, string Question);

    /// <summary>A place whose answer is known to differ: so does the answer, and why.</summary>
    sealed record KnownDifference(string Answer, string Reason)
    {
        /// <summary>Whether the answer is the one that is known.</summary>
        public bool Is(string? answer) => Pattern.Matches(Answer, answer ?? Verdict.NoAnswer);
    }

    /// <summary>
    /// The answers of servers that are known to differ from the reference's, with the reason: `../differences.txt`. Each
    /// line covers places, by patterns with `*` and a `;` between them, and says by such a pattern what is answered there. All
    /// the places that it covers must differ.
    /// </summary>
    sealed class Differences
    {
        private readonly List<Line> _lines;

        private Differences(List<Line> lines) => _lines = lines;

        public static Differences Read(string file) =>
            new(File.ReadLines(file).Where(line => line != "" && !line.StartsWith('#')).Select(Line.Read).ToList());

        /// <summary>How this place differs; null if it should not.</summary>
        public KnownDifference? At(Place place)
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
            return line.Known;
        }

        /// <summary>Lines about these servers and this client that cover no answer at all.</summary>
        public IEnumerable<string> Unused(IEnumerable<string> servers, string client) =>
            _lines.Where(line => !line.IsUsed && servers.Any(line.IsOn) && line.IsBy(client)).Select(line => line.Text);

        private sealed record Line(
            string Text,
            string Server,
            string Client,
            string Way,
            string Check,
            string Question,
            KnownDifference Known)
        {
            public bool IsUsed { get; set; }

            public static Line Read(string text)
            {
                var parts = text.Split('|', 4, StringSplitOptions.TrimEntries);
                var place = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (parts.Length != 4 || place.Length != 4 || parts[2] == "" || parts[3] == "")
                {
                    throw new FormatException($"not SERVER CLIENT WAY CHECK | QUESTION | ANSWER | REASON: {text}");
                }
                return new(text, place[0], place[1], place[2], place[3], parts[1], new(parts[2], parts[3]));
            }

            public bool IsOn(string server) => Pattern.Matches(Server, server);

            public bool IsBy(string client) => Pattern.Matches(Client, client);

            public bool Covers(Place place) =>
                IsOn(place.Server) && IsBy(place.Client) && Pattern.Matches(Way, place.Way.ToString())
                && Pattern.Matches(Check, place.Check) && Pattern.Matches(Question, place.Question);
        }
    }

    /// <summary>Texts with `*` for anything, and a `;` between one and the other.</summary>
    static class Pattern
    {
        public static bool Matches(string patterns, string text) =>
            patterns.Split(';', StringSplitOptions.TrimEntries).Any(pattern =>
                FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\"), text, ignoreCase: false));
    }
}

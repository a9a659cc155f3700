using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>Runs checks on several servers, and compares their answers with those of the first one.</summary>
    sealed class Comparison(
        string client,
        IReadOnlyList<(string Name, Uri Url)> servers,
        Differences differences,
        bool showsAnswers,
        Action<string> print)
    {
        /// <summary>The end of a check is an answer, too.</summary>
        private const string End = "how it ends";

        private const string Ended = "as it should";

        private const string Ours = "this";

        private string Reference => servers[0].Name;

        /// <summary>Runs checks one after another, each on all servers at once.</summary>
        public async Task Run(Way way, IEnumerable<Check> checks)
        {
            var networks = servers.Select(server => new Network(server.Url)).ToList();
            foreach (var check in checks)
            {
                var visits = servers.Zip(networks, (server, network) => Tried(check, way, server, network));
                var answers = await Task.WhenAll(visits);
                Report(way, check, answers);
            }
            networks.ForEach(network => network.Dispose());
        }

        private static async Task<Dictionary<string, string>> Tried(
            Check check, Way way, (string Name, Uri Url) server, Network network)
        {
            var answers = await Visited(check, way, server.Url, network);
            for (var tries = 1; tries < check.Tries && server.Name != Ours && answers[End] != Ended; tries++)
            {
                answers = await Visited(check, way, server.Url, network);
            }
            return answers;
        }

        private static async Task<Dictionary<string, string>> Visited(Check check, Way way, Uri server, Network network)
        {
            var end = Ended;
            var visit = new Visit(way, server, network);
            await using (visit)
            {
                try
                {
                    await check.Run(visit).Within("the check to end", Limits.Check);
                }
                catch (Exception error)
                {
                    end = Shown.Of(error);
                }
            }
            var answers = visit.Answers.ToDictionary(answer => answer.Question, answer => answer.Answer);
            answers[End] = end;
            return answers;
        }

        private void Report(Way way, Check check, Dictionary<string, string>[] answers)
        {
            var expected = answers[0];
            var verdicts = answers.Skip(1).Zip(servers.Skip(1), (found, server) =>
                Compared(server.Name, way, check, found, expected));
            var reference = Verdict.Of(
                End, expected[End], Ended, differences.At(new Place(Reference, client, way, check.Name, End)));
            foreach (var (server, found, verdict) in servers.Zip(answers, verdicts.Prepend(reference)))
            {
                var line = $"{verdict.Word} {client}-{server.Name}/{way}/{check.Name}{verdict.Text}".ReplaceLineEndings(" ");
                print(showsAnswers ? line + Lines(found) : line);
            }
        }

        private static string Lines(Dictionary<string, string> answers) =>
            string.Concat(answers.Select(answer => $"\n    {answer.Key}: {answer.Value}"));

        private Verdict Compared(
            string server, Way way, Check check, Dictionary<string, string> found, Dictionary<string, string> expected)
        {
            var known = new List<string>();
            // The end comes first: it says why answers are missing.
            foreach (var question in found.Keys.Union(expected.Keys).OrderByDescending(question => question == End))
            {
                var wanted = expected.GetValueOrDefault(question);
                if (differences.At(new Place(Reference, client, way, check.Name, question)) is not null)
                {
                    // An older reference, which is no judge of this.
                    if (question != End)
                    {
                        continue;
                    }
                    wanted = Ended;
                }
                var verdict = Verdict.Of(
                    question,
                    found.GetValueOrDefault(question),
                    wanted,
                    differences.At(new Place(server, client, way, check.Name, question)));
                if (verdict.Word == Verdict.Failed)
                {
                    return verdict;
                }
                if (verdict.Word == Verdict.Differs)
                {
                    known.Add(verdict.Reason);
                }
            }
            return known.Count == 0 ? Verdict.Pass : Verdict.Known(string.Join(" / ", known.Distinct()));
        }
    }
}

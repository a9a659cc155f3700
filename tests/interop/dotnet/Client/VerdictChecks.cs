using System;

namespace Interop
{
    /// <summary>Checks of the comparison itself, which need no server.</summary>
    static class VerdictChecks
    {
        private static readonly KnownDifference Known = new("in UTC*; the same", "a reason");

        private static readonly (string What, string? Answer, KnownDifference? Known, string Word)[] Cases =
        [
            ("the answer that is wanted", "local", null, Verdict.Passed),
            ("another answer", "in UTC", null, Verdict.Failed),
            ("no answer", null, null, Verdict.Failed),
            ("the answer that is known", "in UTC, 12:00", Known, Verdict.Differs),
            ("another one that is known", "the same", Known, Verdict.Differs),
            ("an answer that is not the known one", "tomorrow", Known, Verdict.Failed),
            ("an error where an answer is known", "HubException: in UTC", Known, Verdict.Failed),
            ("no answer where one is known", null, Known, Verdict.Failed),
            ("an answer that differs no more", "local", Known, Verdict.Failed),
            ("no answer where that is known", null, new KnownDifference(Verdict.NoAnswer, "a reason"), Verdict.Differs),
        ];

        /// <summary>Tells `fail` of each case that is judged in another way than it should be.</summary>
        public static void Run(Action<string> fail)
        {
            foreach (var (what, answer, known, word) in Cases)
            {
                var verdict = Verdict.Of("a question", answer, "local", known);
                if (verdict.Word != word)
                {
                    fail($"{what}: judged as {verdict.Word}{verdict.Text}");
                }
            }
        }
    }
}

namespace Interop
{
    /// <summary>What is said of an answer, or of all the answers to a check.</summary>
    sealed record Verdict(string Word, string Reason)
    {
        public const string Passed = "PASS";

        public const string Failed = "FAIL";

        public const string Differs = "KNOWN";

        /// <summary>The answer of a server that gives none.</summary>
        public const string NoAnswer = "no answer";

        public static readonly Verdict Pass = new(Passed, "");

        /// <summary>The reason as a line ends with it.</summary>
        public string Text => Reason == "" ? "" : ": " + Reason;

        public static Verdict Fail(string reason) => new(Failed, reason);

        public static Verdict Known(string reason) => new(Differs, reason);

        /// <summary>
        /// Whether a server answers as it is wanted to, or else in the way that is known. No other way is good enough: a
        /// server that fails to answer differs, too.
        /// </summary>
        public static Verdict Of(string question, string? answer, string? wanted, KnownDifference? known)
        {
            if (answer == wanted)
            {
                return known is null
                    ? Pass
                    : Fail($"{question}: no different any more, though differences.txt says: {known.Reason}");
            }
            if (known is null)
            {
                return Fail($"{question}: {answer ?? NoAnswer}, wanted {wanted ?? NoAnswer}");
            }
            return known.Is(answer)
                ? Known(known.Reason)
                : Fail($"{question}: {answer ?? NoAnswer}, wanted {known.Answer}, as differences.txt says: {known.Reason}");
        }
    }
}

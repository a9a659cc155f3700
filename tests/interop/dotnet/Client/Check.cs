using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>A check: what it does, and over which transports and protocols there is such a thing.</summary>
    sealed record Check(string Name, Func<Visit, Task> Run)
    {
        /// <summary>All of them; each opens its own connections. The names of `../../checks.txt` are among them.</summary>
        public static IReadOnlyList<Check> All { get; } =
        [
            .. CallChecks.All, .. ValueChecks.All, .. SendChecks.All, .. StreamChecks.All, .. CancelChecks.All,
            .. ClientResultChecks.All, .. EndingChecks.All, .. ResumeChecks.All, .. TokenChecks.All, .. RefreshChecks.All,
        ];

        public Func<Way, bool> Over { get; init; } = _ => true;

        /// <summary>
        /// The number of tries that ASP.NET Core has, where a fault of its own comes up by chance. This project has one.
        /// </summary>
        public int Tries { get; init; } = 1;
    }
}

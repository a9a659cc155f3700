using System;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>Access tokens as the secure hub takes them: `USER.ROLE.EXPIRY`.</summary>
    static class Tokens
    {
        public const string Path = "/secure";

        /// <summary>Longer than any check.</summary>
        public static readonly TimeSpan Long = TimeSpan.FromSeconds(300);

        public static string Of(string user, string role, TimeSpan lifetime) =>
            $"{user}.{role}.{(DateTimeOffset.UtcNow + lifetime).ToUnixTimeMilliseconds()}";

        /// <summary>A lifetime of this token, as a server tells it in whole seconds, is near enough.</summary>
        public static bool IsAbout(TimeSpan? told, TimeSpan lifetime) =>
            told is { } time && time <= lifetime && time > lifetime - TimeSpan.FromSeconds(10);
    }
}

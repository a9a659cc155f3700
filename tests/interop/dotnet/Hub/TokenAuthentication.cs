using System;
using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TestHub
{
    /// <summary>
    /// Bearer tokens of the form `USER.ROLE.EXPIRY`, the last in milliseconds since 1970. Nothing is signed: everybody may
    /// be everybody here.
    /// </summary>
    public class TokenAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public new const string Scheme = "Token";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var header = Request.Headers.Authorization.ToString();
            if (!header.StartsWith("Bearer ", StringComparison.Ordinal))
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }
            var parts = header["Bearer ".Length..].Split('.');
            var expiry = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(parts[2], CultureInfo.InvariantCulture));
            if (expiry <= DateTimeOffset.UtcNow)
            {
                return Task.FromResult(AuthenticateResult.Fail("the token has expired"));
            }
            var claims = new[] { new Claim(ClaimTypes.NameIdentifier, parts[0]), new Claim(ClaimTypes.Role, parts[1]) };
            var user = new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme));
            var properties = new AuthenticationProperties { ExpiresUtc = expiry };
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, properties, Scheme)));
        }
    }
}

using System.Collections.Concurrent;
using System.Linq;
using System.Security.Claims;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace TestHub
{
    /// <summary>A hub whose clients show tokens, and may show newer ones.</summary>
    [Authorize(AuthenticationSchemes = TokenAuthentication.Scheme)]
    public class SecureHub : Hub
    {
        private static readonly ConcurrentDictionary<string, int> Refreshes = new();

        /// <summary>The user and the role of the token that counts now.</summary>
        public string WhoAmI() => Context.UserIdentifier + " as " + Context.User!.FindFirst(ClaimTypes.Role)!.Value;

        /// <summary>The number of times that this connection was told of new credentials.</summary>
        public int Refreshed() => Refreshes.GetValueOrDefault(Context.ConnectionId);

#if NET11_0_OR_GREATER
        public override Task OnAuthenticationRefreshedAsync()
        {
            Refreshes.AddOrUpdate(Context.ConnectionId, 1, (_, count) => count + 1);
            return Task.CompletedTask;
        }
#endif
    }
}

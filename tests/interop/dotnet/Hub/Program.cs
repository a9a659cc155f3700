// Serves the hubs of the interop suites on a port of the system's choice, says `listening on http://127.0.0.1:PORT` and
// stops when its standard input closes.
using System;
using System.Linq;
using System.Security.Claims;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestHub;

var builder = WebApplication.CreateBuilder();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Logging.ClearProviders();
builder.Services.AddSignalR().AddMessagePackProtocol();
builder.Services.AddAuthorization();
builder.Services
    .AddAuthentication()
    .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.Scheme, null);
builder.Services.AddSingleton<IUserIdProvider, UserIdProvider>();

await using var app = builder.Build();
app.MapHub<InteropHub>("/hub", options => options.AllowStatefulReconnects = true);
app.MapHub<ValuesHub>("/values");
app.MapHub<SecureHub>("/secure", options =>
{
    options.CloseOnAuthenticationExpiration = true;
#if NET11_0_OR_GREATER
    options.EnableAuthenticationRefresh = true;
    options.OnAuthenticationRefresh = refresh =>
        Task.FromResult(!refresh.NewUser.HasClaim(ClaimTypes.Role, "refused"));
#endif
});
await app.StartAsync();
Console.WriteLine("listening on " + app.Urls.Single());
await Task.Run(Console.In.ReadToEnd);
await app.StopAsync();

/// <summary>Users of the secure hub are named by their tokens, those of the others say who they are: `/hub?user=ada`.</summary>
class UserIdProvider : IUserIdProvider
{
    private readonly QueryUserIdProvider _query = new();

    public string GetUserId(HubConnectionContext connection) =>
        connection.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? _query.GetUserId(connection);
}

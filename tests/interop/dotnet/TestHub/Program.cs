using System;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TestHub
{
    public class Startup
    {
        public void ConfigureServices(IServiceCollection services) =>
            services.AddSingleton<IUserIdProvider, QueryUserIdProvider>().AddSignalR();

        public void Configure(IApplicationBuilder app) =>
            app.UseWebSockets().UseRouting().UseEndpoints(endpoints => endpoints.MapHub<InteropHub>("/hub"));
    }

    /// <summary>
    /// Listens on a port of the system's choice, says `listening on http://127.0.0.1:PORT` and stops when its standard
    /// input closes.
    /// </summary>
    public static class Program
    {
        public static async Task Main()
        {
            using var host = Host.CreateDefaultBuilder()
                .ConfigureLogging(logging => logging.ClearProviders())
                .ConfigureWebHostDefaults(web => web.UseStartup<Startup>().UseUrls("http://127.0.0.1:0"))
                .Build();
            await host.StartAsync();

            var server = host.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>();
            Console.WriteLine("listening on " + server.Features.Get<IServerAddressesFeature>().Addresses.Single());

            await Task.Run(() => Console.In.ReadToEnd());
            await host.StopAsync(TimeSpan.FromSeconds(5));
        }
    }
}

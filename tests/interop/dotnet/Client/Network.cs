using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>
    /// A TCP proxy in front of the server: the network, which loses connections when it is told to.
    /// </summary>
    sealed class Network : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly HashSet<Link> _links = new();
        private readonly object _lock = new();
        private readonly int _port;
        private List<TcpClient>? _held;
        private bool _isDown;
        private PlannedCut? _cut;

        public Network(Uri server)
        {
            _port = server.Port;
            _listener.Start();
            Origin = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
            _ = Accept();
        }

        public Uri Origin { get; }

        /// <summary>
        /// Cuts every connection there is, all at once: once a client can see that one is lost, nothing passes on any other.
        /// `HttpClient` repeats a GET whose connection was lost on another one, so a poll would come to the server twice, and
        /// ASP.NET Core answers the one that the other takes the place of with 204: to the client, an end without an error.
        /// </summary>
        public void Cut()
        {
            List<Link> links;
            lock (_lock)
            {
                links = _links.ToList();
                links.ForEach(link => link.Block());
            }
            links.ForEach(link => link.Close());
        }

        /// <summary>
        /// Cuts every connection after about so many bytes more on WebSockets. Always between two messages: .NET, client and
        /// server, keeps the first half of a message that was cut in two, and takes the next bytes after a resume for its rest.
        /// </summary>
        public Task CutAfter(int bytes)
        {
            var cut = new PlannedCut { BytesLeft = bytes };
            lock (_lock)
            {
                _cut = cut;
            }
            return cut.IsDone.Task;
        }

        /// <summary>Cuts every connection and refuses new ones, until `Restore`.</summary>
        public void Down()
        {
            lock (_lock)
            {
                _isDown = true;
            }
            Cut();
        }

        /// <summary>Keeps connections that are opened from now on waiting, until `Restore`.</summary>
        public void Hold()
        {
            lock (_lock)
            {
                _held = new();
            }
        }

        public void Restore()
        {
            List<TcpClient> held;
            lock (_lock)
            {
                held = _held ?? new();
                (_isDown, _held, _cut) = (false, null, null);
            }
            held.ForEach(Take);
        }

        public void Dispose()
        {
            _listener.Stop();
            Cut();
        }

        private async Task Accept()
        {
            try
            {
                while (true)
                {
                    Take(await _listener.AcceptTcpClientAsync());
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }

        private void Take(TcpClient client)
        {
            Link link;
            lock (_lock)
            {
                if (_isDown)
                {
                    client.Close();
                    return;
                }
                if (_held is { } held)
                {
                    held.Add(client);
                    return;
                }
                link = new Link(this, client);
                _links.Add(link);
            }
            _ = Run(link);
        }

        private async Task Run(Link link)
        {
            try
            {
                await link.Run(_port);
            }
            finally
            {
                lock (_lock)
                {
                    _links.Remove(link);
                }
            }
        }

        /// <summary>The cut that falls behind a message of so many bytes, if one does.</summary>
        private PlannedCut? CutBehind(int bytes)
        {
            lock (_lock)
            {
                if (_cut is not { } cut)
                {
                    return null;
                }
                cut.BytesLeft -= bytes;
                if (cut.BytesLeft > 0)
                {
                    return null;
                }
                _cut = null;
                return cut;
            }
        }

        private sealed class PlannedCut
        {
            public int BytesLeft;

            public TaskCompletionSource IsDone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        /// <summary>A connection of a client, and the one to the server that belongs to it.</summary>
        private sealed class Link
        {
            private readonly Network _network;
            private readonly TcpClient _client;
            private readonly TcpClient _server = new() { NoDelay = true };
            private volatile bool _isWebSocket;
            private volatile bool _isBlocked;

            public Link(Network network, TcpClient client)
            {
                (_network, _client) = (network, client);
                client.NoDelay = true;
            }

            public async Task Run(int port)
            {
                try
                {
                    await _server.ConnectAsync(IPAddress.Loopback, port);
                    await Task.WhenAll(
                        Forward(_client.GetStream(), _server.GetStream(), false),
                        Forward(_server.GetStream(), _client.GetStream(), true));
                }
                catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException
                    or InvalidOperationException)
                {
                    // Either side is gone.
                }
                Close();
            }

            /// <summary>From now on, nothing that comes in goes out.</summary>
            public void Block() => _isBlocked = true;

            public void Close()
            {
                _client.Close();
                _server.Close();
            }

            private async Task Forward(NetworkStream from, NetworkStream to, bool isFromServer)
            {
                var buffer = new byte[16 * 1024];
                var messages = new WebSocketMessages();
                try
                {
                    int read;
                    while ((read = await from.ReadAsync(buffer)) > 0)
                    {
                        if (_isBlocked)
                        {
                            return;
                        }
                        var bytes = buffer.AsMemory(0, read);
                        if (isFromServer && !_isWebSocket && bytes.Span.StartsWith("HTTP/1.1 101"u8))
                        {
                            var head = bytes.Span.IndexOf("\r\n\r\n"u8) + 4;
                            _isWebSocket = true;
                            await to.WriteAsync(bytes[..head]);
                            bytes = bytes[head..];
                        }
                        if (!_isWebSocket)
                        {
                            await to.WriteAsync(bytes);
                            continue;
                        }
                        messages.Add(bytes.Span);
                        while (messages.Next() is { } message)
                        {
                            await to.WriteAsync(message);
                            if (_network.CutBehind(message.Length) is { } cut)
                            {
                                _network.Cut();
                                cut.IsDone.SetResult();
                                return;
                            }
                        }
                    }
                    to.Socket.Shutdown(SocketShutdown.Send);
                }
                catch
                {
                    Close();
                    throw;
                }
            }
        }
    }
}

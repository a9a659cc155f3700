using System.Collections.Generic;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>The calls of `Message` that one connection has got, in order of arrival.</summary>
    sealed class Inbox
    {
        private readonly Channel<(string Sender, string Text)> _messages =
            Channel.CreateUnbounded<(string Sender, string Text)>();

        public void Put(string sender, string text) => _messages.Writer.TryWrite((sender, text));

        public Task<(string Sender, string Text)> Next() => _messages.Reader.ReadAsync().AsTask().Within("a message");
    }
}

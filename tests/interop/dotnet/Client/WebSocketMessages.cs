using System;
using System.Buffers.Binary;

namespace Interop
{
    /// <summary>Takes the bytes of a WebSocket apart into messages: their frames (RFC 6455, section 5.2) as they came.</summary>
    sealed class WebSocketMessages
    {
        private byte[] _bytes = [];

        public void Add(ReadOnlySpan<byte> bytes) => _bytes = [.. _bytes, .. bytes];

        /// <summary>The next message that has come to its end; null if none has.</summary>
        public byte[]? Next()
        {
            if (LengthOfMessage(_bytes) is not (> 0 and var length))
            {
                return null;
            }
            var message = _bytes[..length];
            _bytes = _bytes[length..];
            return message;
        }

        /// <summary>Zero if the message has not come to its end.</summary>
        private static int LengthOfMessage(ReadOnlySpan<byte> bytes)
        {
            var length = 0;
            var isOpen = false;
            do
            {
                var frame = LengthOfFrame(bytes[length..]);
                if (frame == 0)
                {
                    return 0;
                }
                var (isFinal, isControl) = ((bytes[length] & 0x80) != 0, (bytes[length] & 0x08) != 0);
                // A control frame may stand between the frames of a message.
                isOpen = isControl ? isOpen : !isFinal;
                length += frame;
            }
            while (isOpen);
            return length;
        }

        private static int LengthOfFrame(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length < 2)
            {
                return 0;
            }
            var (size, header) = (bytes[1] & 0x7f) switch
            {
                126 when bytes.Length >= 4 => (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4),
                127 when bytes.Length >= 10 => (checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..])), 10),
                126 or 127 => (int.MaxValue / 2, 0),
                var small => (small, 2),
            };
            var mask = (bytes[1] & 0x80) != 0 ? 4 : 0;
            var length = header + mask + size;
            return length <= bytes.Length ? length : 0;
        }
    }
}

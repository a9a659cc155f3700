using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR;

namespace TestHub
{
    /// <summary>Gives back values of every kind.</summary>
    public class ValuesHub : Hub
    {
        public bool EchoBool(bool value) => value;

        public sbyte EchoSByte(sbyte value) => value;

        public byte EchoByte(byte value) => value;

        public short EchoShort(short value) => value;

        public ushort EchoUShort(ushort value) => value;

        public int EchoInt(int value) => value;

        public uint EchoUInt(uint value) => value;

        public long EchoLong(long value) => value;

        public ulong EchoULong(ulong value) => value;

        public float EchoFloat(float value) => value;

        public double EchoDouble(double value) => value;

        public decimal EchoDecimal(decimal value) => value;

        public char EchoChar(char value) => value;

        public string EchoString(string value) => value;

        public byte[] EchoBytes(byte[] value) => value;

        public Guid EchoGuid(Guid value) => value;

        public DateTime EchoDateTime(DateTime value) => value;

        public DateTimeOffset EchoDateTimeOffset(DateTimeOffset value) => value;

        public TimeSpan EchoTimeSpan(TimeSpan value) => value;

        public DateOnly EchoDateOnly(DateOnly value) => value;

        public TimeOnly EchoTimeOnly(TimeOnly value) => value;

        public Uri EchoUri(Uri value) => value;

        public Colour EchoColour(Colour value) => value;

        public int? EchoNullable(int? value) => value;

        public List<List<int>> EchoLists(List<List<int>> value) => value;

        public Dictionary<string, int> EchoByName(Dictionary<string, int> value) => value;

        public Everything EchoEverything(Everything value) => value;

        /// <summary>Items in both directions.</summary>
        public IAsyncEnumerable<Everything> EchoItems(IAsyncEnumerable<Everything> items) => items;

        /// <summary>Sends the value back as an argument.</summary>
        public Task SendBack(Everything value) => Clients.Caller.SendAsync("Value", value);

        /// <summary>Gives back what the caller answers when it is asked.</summary>
        public Task<Everything> AskBack(Everything value) =>
            Clients.Caller.InvokeAsync<Everything>("Answer", value, CancellationToken.None);
    }
}

using System;
using System.Collections.Generic;
using MessagePack;

namespace TestHub
{
    /// <summary>A number in JSON, a name in MessagePack.</summary>
    public enum Colour
    {
        Red,
        DarkBlue,
    }

    /// <summary>An object with a member of every kind. JSON makes the names camelCase by itself.</summary>
    [MessagePackObject]
    public class Everything
    {
        [Key("truth")]
        public bool Truth { get; set; }

        [Key("count")]
        public int Count { get; set; }

        [Key("large")]
        public long Large { get; set; }

        [Key("ratio")]
        public double Ratio { get; set; }

        [Key("price")]
        public decimal Price { get; set; }

        [Key("letter")]
        public char Letter { get; set; }

        [Key("text")]
        public string Text { get; set; }

        [Key("nothing")]
        public string Nothing { get; set; }

        [Key("bytes")]
        public byte[] Bytes { get; set; }

        [Key("id")]
        public Guid Id { get; set; }

        [Key("when")]
        public DateTime When { get; set; }

        [Key("where")]
        public DateTimeOffset Where { get; set; }

        [Key("howLong")]
        public TimeSpan HowLong { get; set; }

        [Key("day")]
        public DateOnly Day { get; set; }

        [Key("hour")]
        public TimeOnly Hour { get; set; }

        [Key("link")]
        public Uri Link { get; set; }

        [Key("colour")]
        public Colour Colour { get; set; }

        [Key("perhaps")]
        public int? Perhaps { get; set; }

        [Key("list")]
        public List<int> List { get; set; }

        [Key("byName")]
        public Dictionary<string, int> ByName { get; set; }

        [Key("people")]
        public Person[] People { get; set; }
    }
}

using MessagePack;

namespace TestHub
{
    /// <summary>The argument and the result of `EchoPerson`: `{ name, age, tags }` on the wire, with both protocols.</summary>
    [MessagePackObject]
    public class Person
    {
        [Key("name")]
        public string Name { get; set; }

        [Key("age")]
        public int Age { get; set; }

        [Key("tags")]
        public string[] Tags { get; set; }
    }
}

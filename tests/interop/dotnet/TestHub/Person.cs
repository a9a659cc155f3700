namespace TestHub
{
    /// <summary>What `EchoPerson` takes and gives back: `{ name, age, tags }` on the wire.</summary>
    public class Person
    {
        public string Name { get; set; }

        public int Age { get; set; }

        public string[] Tags { get; set; }
    }
}

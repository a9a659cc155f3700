package interop;

import java.util.List;

/** What {@code EchoPerson} takes and gives back. A class and not a record: the client's JSON library knows no records. */
final class Person {
    String name;
    int age;
    List<String> tags;

    Person(String name, int age, List<String> tags) {
        this.name = name;
        this.age = age;
        this.tags = tags;
    }

    @Override
    public String toString() {
        return name + ", " + age + ", " + tags;
    }
}

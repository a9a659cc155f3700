using System.Threading.Tasks;

namespace Interop
{
    /// <summary>Messages of the server to some of its clients.</summary>
    static class SendChecks
    {
        public static readonly Check[] All =
        [
            new("send-to-all", SendToAll),
            new("group-send", GroupSend),
            new("group-others", GroupOthers),
            new("group-leave", GroupLeave),
            new("group-names", GroupNames),
            new("user-send", UserSend),
        ];

        private static async Task SendToAll(Visit visit)
        {
            var (a, b) = (await visit.Open(), await visit.Open());
            await a.Call("SendToAll", "all");
            await a.Call("SendToOthers", "others");
            await a.Call("SendToCaller", "caller");
            await a.Call("SendToConnection", b.Id, "connection");
            await a.Call("SendToConnection", "nobody", "nobody");
            await visit.AnswerMessages(a, a);
            await visit.AnswerMessages(b, a);
        }

        private static async Task GroupSend(Visit visit)
        {
            var (a, b, outsider) = (await visit.Open(), await visit.Open(), await visit.Open());
            await a.Call("JoinGroup", $"room {visit.Tag}");
            await b.Call("JoinGroup", $"room {visit.Tag}");
            await b.Call("JoinGroup", $"room {visit.Tag}");
            await outsider.Call("JoinGroup", $"Room {visit.Tag}");
            await a.Call("SendToGroup", $"room {visit.Tag}", "hello");
            await outsider.Call("SendToGroup", $"room {visit.Tag}", "from outside");
            await a.Call("SendToGroup", $"empty room {visit.Tag}", "nobody hears this");
            await visit.AnswerMessages(a, a);
            await visit.AnswerMessages(b, a);
            await visit.AnswerMessages(outsider, a);
        }

        private static async Task GroupOthers(Visit visit)
        {
            var (a, b, outsider) = (await visit.Open(), await visit.Open(), await visit.Open());
            await a.Call("JoinGroup", $"room {visit.Tag}");
            await b.Call("JoinGroup", $"room {visit.Tag}");
            await a.Call("SendToOthersInGroup", $"room {visit.Tag}", "hello");
            await visit.AnswerMessages(a, a);
            await visit.AnswerMessages(b, a);
            await visit.AnswerMessages(outsider, a);
        }

        private static async Task GroupLeave(Visit visit)
        {
            var (a, b) = (await visit.Open(), await visit.Open());
            await a.Call("JoinGroup", $"room {visit.Tag}");
            await b.Call("JoinGroup", $"room {visit.Tag}");
            await a.Call("SendToGroup", $"room {visit.Tag}", "before");
            await b.Call("LeaveGroup", $"room {visit.Tag}");
            await b.Call("LeaveGroup", $"another room {visit.Tag}");
            await a.Call("SendToGroup", $"room {visit.Tag}", "after");
            await visit.AnswerMessages(a, a);
            await visit.AnswerMessages(b, a);
        }

        private static async Task GroupNames(Visit visit)
        {
            var a = await visit.Open();
            foreach (var name in new[] { $"ünï 🦀 {visit.Tag}", $"a b/c?d&e {visit.Tag}" })
            {
                await a.Call("JoinGroup", name);
                await a.Call("SendToGroup", name, name[..3]);
            }
            visit.AnswerText("to a group without a name", await a.Outcome<object>("SendToGroup", "", "nobody hears this"));
            await visit.AnswerMessages(a, a);
        }

        private static async Task UserSend(Visit visit)
        {
            string User(string name) => $"/hub?user={name}{visit.Tag}";
            var (desk, phone) = (await visit.Open(User("ada")), await visit.Open(User("ada")));
            var (other, nobody) = (await visit.Open(User("Ada")), await visit.Open());
            await nobody.Call("SendToUser", $"ada{visit.Tag}", "hello");
            await desk.Call("SendToUser", $"Ada{visit.Tag}", "hello, namesake");
            await desk.Call("SendToUser", $"Bob{visit.Tag}", "nobody hears this");
            foreach (var client in new[] { desk, phone, other, nobody })
            {
                await visit.AnswerMessages(client, nobody);
            }
        }
    }
}

// The interop suite of Microsoft's C# clients. Arguments:
//   CLIENT DIFFERENCES NAME=URL... [--only CHECK]
// The first server is the reference: the others must answer as it does, except where the file DIFFERENCES says. The
// answers to a single check are printed.
using System;
using System.Linq;
using System.Threading.Tasks;
using Interop;

var words = args.ToList();
string? only = null;
if (words.IndexOf("--only") is var option and >= 0)
{
    only = words[option + 1];
    words.RemoveRange(option, 2);
}
var (client, differences) = (words[0], Differences.Read(words[1]));
var servers = words.Skip(2).Select(word => word.Split('=', 2)).Select(pair => (pair[0], new Uri(pair[1]))).ToList();

var failed = 0;
void Print(string line)
{
    lock (words)
    {
        Console.WriteLine(line);
        failed += line.StartsWith("FAIL ") ? 1 : 0;
    }
}

VerdictChecks.Run(wrong => Print($"FAIL {client}/VerdictChecks.cs: {wrong}"));
var comparison = new Comparison(client, servers, differences, only is not null, Print);
await Task.WhenAll(Way.All.Select(way =>
    comparison.Run(way, Check.All.Where(check => check.Over(way) && (only is null || check.Name == only)))));
if (only is null)
{
    foreach (var line in differences.Unused(servers.Skip(1).Select(server => server.Item1), client))
    {
        Print($"FAIL {client}/differences.txt: no answer is covered by: {line}");
    }
}
return failed == 0 ? 0 : 1;

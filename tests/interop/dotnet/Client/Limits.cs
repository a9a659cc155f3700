using System;
using System.Threading.Tasks;

namespace Interop
{
    /// <summary>Nothing here waits without a limit.</summary>
    static class Limits
    {
        public static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);
        public static readonly TimeSpan Check = TimeSpan.FromSeconds(60);

        public static async Task<T> Within<T>(this Task<T> task, string what)
        {
            await ((Task)task).Within(what);
            return await task;
        }

        public static Task Within(this Task task, string what) => task.Within(what, Wait);

        public static async Task Within(this Task task, string what, TimeSpan limit)
        {
            if (await Task.WhenAny(task, Task.Delay(limit)) != task)
            {
                // A later failure of it is nobody's business.
                _ = task.ContinueWith(late => late.Exception, TaskScheduler.Default);
                throw new TimeoutException($"waited {limit.TotalSeconds:0} s for {what}");
            }
            await task;
        }
    }
}

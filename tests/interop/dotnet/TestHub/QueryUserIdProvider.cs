using Microsoft.AspNetCore.SignalR;

namespace TestHub
{
    /// <summary>Clients say who they are: `/hub?user=ada`.</summary>
    public class QueryUserIdProvider : IUserIdProvider
    {
        public string GetUserId(HubConnectionContext connection)
        {
            string user = connection.GetHttpContext().Request.Query["user"];
            return string.IsNullOrEmpty(user) ? null : user;
        }
    }
}

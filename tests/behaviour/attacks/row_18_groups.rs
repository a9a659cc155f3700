//! Names of groups that clients may have a say in.

use super::victim::Victim;
use super::wire::call;

#[tokio::test]
async fn names_mean_nothing_but_themselves() {
    let victim = Victim::new().await;
    let (mut member, mut outsider) = (victim.connect().await, victim.connect().await);
    for name in ["account:42", "a.b", "\\u0000", "ACCOUNT:1"] {
        let answer = member.call("1", "JoinGroup", &format!("[\"{name}\"]")).await;
        assert_eq!(answer, r#"{"type":3,"invocationId":"1","result":null}"#);
    }
    for name in
        ["*", ">", "account:*", "account:?", "account:42 ", " account:42", "a.*", "a.>", "a", "account:1", ""]
    {
        outsider.call("2", "SendToGroup", &format!("[\"{name}\",\"injected\"]")).await;
    }
    outsider.call("3", "SendToGroup", r#"["account:42","meant"]"#).await;
    let heard = member.next().await;
    assert!(heard.contains("meant"), "{heard}");
}

#[tokio::test]
async fn names_and_numbers_have_an_end() {
    let victim = Victim::new().await;
    let mut client = victim.connect().await;
    let joined = r#"{"type":3,"invocationId":"1","result":null}"#;
    assert_eq!(client.call("1", "JoinGroup", &format!("[\"{}\"]", "x".repeat(256))).await, joined);
    let answer = client.call("1", "JoinGroup", &format!("[\"{}\"]", "x".repeat(257))).await;
    assert!(answer.contains("\"error\""), "{answer}");
    assert_eq!(victim.hits("group_name"), 1);
    for n in 1..1_000 {
        client.send(&call("1", "JoinGroup", &format!("[\"{n}\"]"))).await;
        assert_eq!(client.next().await, joined, "{n}");
    }
    let answer = client.call("1", "JoinGroup", "[\"one more\"]").await;
    assert!(answer.contains("\"error\""), "{answer}");
    assert_eq!(victim.hits("groups_per_connection"), 1);
    // Again where it is already, and where there is room again.
    assert_eq!(client.call("1", "JoinGroup", "[\"7\"]").await, joined);
    assert_eq!(client.call("1", "LeaveGroup", "[\"7\"]").await, joined);
    assert_eq!(client.call("1", "JoinGroup", "[\"one more\"]").await, joined);
    victim.serves_others().await;
}

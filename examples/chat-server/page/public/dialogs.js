// The two dialogs: each function opens one and gives what the person chose.

function ask(dialog) {
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.onclose = () => resolve(dialog.returnValue);
    dialog.showModal();
  });
}

/** The text whose lines are to be sent; none if the person changed their mind. */
export async function textToPaste(text) {
  const area = document.querySelector("#lines");
  area.value = text;
  const choice = await ask(document.querySelector("#paste"));
  return choice === "send" ? area.value : "";
}

const question = document.querySelector("#question");
let earlier = Promise.resolve();

/** Whether the person is still there. Questions wait for the one before them. */
export function stillThere(askedBy) {
  const answer = earlier.then(async () => {
    document.querySelector("#asked-by").textContent = askedBy;
    return (await ask(question)) === "yes";
  });
  earlier = answer;
  return answer;
}

/** Nobody waits for the answer any more. */
export function withdrawQuestion() {
  question.close();
}

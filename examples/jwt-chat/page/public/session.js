// The session: a token that is renewed before it ends. It stays in memory, where a stolen disk or another page does not
// find it; who reloads the page signs in again.

export class Session {
  #token;
  #endsAt;
  #timer;

  /** Who has signed in. */
  name;

  /** What they may do: `member` or `moderator`. */
  role;

  /** Gives a session, or throws. `ended` is called when it cannot be renewed any more. */
  static async signIn(credentials, ended) {
    const response = await fetch("login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(credentials),
    }).catch(() => undefined);
    if (response?.status === 401) throw new Error("Wrong name or password.");
    if (!response?.ok) throw new Error("The server cannot be reached. Please try again later.");
    const session = new Session();
    session.ended = ended;
    session.#take(await response.json());
    return session;
  }

  /** The token that is valid now. */
  get token() {
    return this.#token;
  }

  get secondsLeft() {
    return Math.max(0, Math.ceil((this.#endsAt - Date.now()) / 1000));
  }

  #take({ token, expiresInSeconds, name, role }) {
    this.#token = token;
    this.#endsAt = Date.now() + expiresInSeconds * 1000;
    this.name = name;
    this.role = role;
    // In time for the next connection: a token that has ended renews nothing.
    this.#timer = setTimeout(() => this.#renew(), (expiresInSeconds * 1000 * 2) / 3);
  }

  async #renew() {
    try {
      const response = await fetch("renew", {
        method: "POST",
        headers: { Authorization: `Bearer ${this.#token}` },
      });
      if (response.ok) return this.#take(await response.json());
      if (response.status === 401) return this.ended();
    } catch {
      // The server cannot be reached just now.
    }
    if (this.secondsLeft === 0) return this.ended();
    this.#timer = setTimeout(() => this.#renew(), 1_000);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

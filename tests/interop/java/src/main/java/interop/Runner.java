package interop;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs checks one after another and prints one line for each. Nothing here waits without a limit. */
final class Runner {
    static final int WAIT_SECONDS = 10;
    private static final int CHECK_SECONDS = 30;

    private final String suite;
    private final Hub hub;
    private final String server;

    Runner(String suite, Hub hub, String server) {
        this.suite = suite;
        this.hub = hub;
        this.server = server;
    }

    /** Runs the checks and gives the number of those that failed. */
    int run(List<Check> checks) {
        int failed = 0;
        for (Check check : checks) {
            String name = suite + "/" + check.name();
            String cannot = check.reasonAgainst(hub);
            if (cannot != null) {
                System.out.println("CANNOT " + name + ": " + cannot);
            } else if (check.notOn().contains(server)) {
                System.out.println("OMIT " + name + ": " + server + " has no such thing");
            } else {
                String reason = runInTime(check);
                if (reason == null) {
                    System.out.println("PASS " + name);
                } else {
                    failed++;
                    System.out.println("FAIL " + name + ": " + reason.replace('\n', ' '));
                }
            }
        }
        return failed;
    }

    /** The reason why the check failed, or null. */
    private String runInTime(Check check) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try (Connections connections = new Connections(hub)) {
                check.body().run(connections);
                ended.complete(null);
            } catch (Exception | AssertionError error) {
                ended.completeExceptionally(error);
            }
        });
        thread.setDaemon(true);
        thread.start();
        try {
            ended.get(CHECK_SECONDS, TimeUnit.SECONDS);
            return null;
        } catch (ExecutionException error) {
            return String.valueOf(error.getCause());
        } catch (TimeoutException error) {
            return "the check did not end in time";
        } catch (InterruptedException error) {
            return "interrupted";
        }
    }
}

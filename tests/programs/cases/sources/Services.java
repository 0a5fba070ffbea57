import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Threads, children, timers, files and sockets; ends through a shutdown hook. The virtual machine
 * stops its threads by page faults and signals of its own.
 */
public final class Services {
  private static void threads() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(32);
    List<Future<Long>> sums = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      final int seed = i;
      sums.add(pool.submit((Callable<Long>) () -> {
        List<byte[]> garbage = new ArrayList<>();
        long sum = seed;
        for (int n = 0; n < 20000; n++) {
          sum = sum * 6364136223846793005L + 1442695040888963407L;
          if (n % 100 == 0) garbage.add(new byte[1000]);
        }
        return (sum >>> 40) + garbage.size();
      }));
    }
    long total = 0;
    for (Future<Long> sum : sums) total += sum.get();
    pool.shutdown();
    System.out.println("threads: " + total);
  }

  private static void children() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      processes.add(new ProcessBuilder("sh", "-c", "echo child " + i + "; exit " + i).start());
    }
    for (Process process : processes) {
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(process.getInputStream()))) {
        System.out.println(lines.readLine() + ": " + process.waitFor());
      }
    }
    Process sleeper = new ProcessBuilder("sleep", "1000").start();
    sleeper.destroyForcibly();
    System.out.println("destroyed: " + sleeper.waitFor());
    try {
      new ProcessBuilder("/nowhere/program").start();
    } catch (IOException error) {
      System.out.println(error.getMessage());
    }
  }

  private static void timers() throws Exception {
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
    CountDownLatch ticks = new CountDownLatch(20);
    timer.scheduleAtFixedRate(ticks::countDown, 0, 2, TimeUnit.MILLISECONDS);
    ticks.await();
    timer.shutdown();
    System.out.println("timers: " + timer.awaitTermination(10, TimeUnit.SECONDS));
  }

  private static void files() throws Exception {
    Path directory = Files.createDirectory(Path.of("files"));
    for (int i = 0; i < 20; i++) Files.writeString(directory.resolve("file" + i), "text " + i);
    try (var listing = Files.list(directory)) {
      System.out.println("files: " + listing.count());
    }
  }

  private static void sockets() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread echo = new Thread(() -> {
        try (Socket socket = server.accept();
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
            PrintWriter out = new PrintWriter(socket.getOutputStream(), true)) {
          for (String line = in.readLine(); line != null; line = in.readLine()) out.println(line);
        } catch (IOException error) {
          System.out.println("server: " + error);
        }
      });
      echo.start();
      try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort());
          BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
          PrintWriter out = new PrintWriter(socket.getOutputStream(), true)) {
        int same = 0;
        for (int i = 0; i < 100; i++) {
          out.println("line " + i);
          if (in.readLine().equals("line " + i)) same++;
        }
        System.out.println("sockets: " + same);
      }
      echo.join();
    }
  }

  public static void main(String[] arguments) throws Exception {
    threads();
    children();
    timers();
    files();
    sockets();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("the end")));
    System.exit(3);
  }
}

package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.unsealfs.key.proto.v1.Challenge;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server with the interceptor and nothing else around it. */
class SlowCallsTest {
  private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();

  @AfterEach
  void stop() {
    timers.shutdownNow();
  }

  private Server start(Duration patience) throws Exception {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))
        .intercept(new SlowCalls(patience, timers))
        .addService(
            new SecretServiceGrpc.SecretServiceImplBase() {
              @Override
              public void getChallenge(ChallengeRequest request, StreamObserver<Challenge> caller) {
                caller.onNext(Challenge.getDefaultInstance());
                caller.onCompleted();
              }
            })
        .build()
        .start();
  }

  private static Status outcome(Server server, boolean sendsAll) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), server.getPort()))
            .usePlaintext()
            .build();
    try {
      ClientCall<ChallengeRequest, Challenge> call =
          channel.newCall(SecretServiceGrpc.getGetChallengeMethod(), CallOptions.DEFAULT);
      CompletableFuture<Status> closed = new CompletableFuture<>();
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
              closed.complete(status);
            }
          },
          new Metadata());
      call.request(2);
      call.sendMessage(ChallengeRequest.getDefaultInstance());
      if (sendsAll) {
        call.halfClose();
      }
      return closed.get(60, TimeUnit.SECONDS);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aRequestThatNeverEndsIsEnded() throws Exception {
    Server server = start(Duration.ofMillis(1));
    try {
      assertEquals(Status.Code.DEADLINE_EXCEEDED, outcome(server, false).getCode());
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void aRequestThatArrivesInTimeIsAnswered() throws Exception {
    Server server = start(Duration.ofHours(1));
    try {
      assertEquals(Status.Code.OK, outcome(server, true).getCode());
    } finally {
      server.shutdownNow();
    }
  }
}

import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.*;
import com.hivemq.extension.sdk.api.services.Services;
import java.nio.file.Path;

/** HiveMQ Community Edition in this process. Arguments: its folder, a user name and a password. Ends with its input. */
public class HiveMqLauncher {
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    SimpleAuthenticator authenticator = (input, output) -> {
      var packet = input.getConnectPacket();
      String password =
          packet.getPassword().map(bytes -> java.nio.charset.StandardCharsets.UTF_8.decode(bytes).toString()).orElse("");
      boolean isKnown = packet.getUserName().orElse("").equals(args[1]) && password.equals(args[2]);
      // Over TLS the listener asks for a certificate and has checked it.
      boolean hasCertificate = input.getConnectionInformation().getTlsInformation().isPresent();
      if (isKnown || hasCertificate) output.authenticateSuccessfully();
      else output.failAuthentication();
    };
    ExtensionMain main = new ExtensionMain() {
      public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
        Services.securityRegistry().setAuthenticatorProvider(provider -> authenticator);
      }

      public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
    };
    EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
        .withConfigurationFolder(folder)
        .withDataFolder(folder.resolve("data"))
        .withExtensionsFolder(folder.resolve("extensions"))
        .withEmbeddedExtension(EmbeddedExtension.builder()
            .withId("users")
            .withName("users")
            .withVersion("1")
            .withExtensionMain(main)
            .build())
        .build();
    broker.start().join();
    System.out.println("running");
    while (System.in.read() >= 0) {}
    broker.stop().join();
    System.exit(0);
  }
}

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGeneratorSpi;
import java.security.Provider;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;

/**
 * The key of the certificates of all hosts, instead of a new one for each.
 *
 * <p>WireMock makes a certificate when a host is first asked for, with an RSA key of its own, which takes a young Java
 * 0.1 to 1.5 s: the time until two large primes are found. Nothing is lost with one key for all: the CA's own, in whose
 * name they are trusted, is in the image as well, and nobody but a sandbox's resync container trusts it.
 *
 * <p>The file java.security puts this provider before the one that Java would ask.
 */
public final class OneKey extends Provider {
    private static final Path FILE = Path.of("/opt/wiremock/one-key.der");

    /** Made by Java, which has the name from java.security. */
    public OneKey() {
        super("OneKey", "1", "one RSA key for all hosts");
        put("KeyPairGenerator.RSA", Generator.class.getName());
    }

    /** Gives the same key each time. */
    public static final class Generator extends KeyPairGeneratorSpi {
        @Override
        public void initialize(int size, SecureRandom random) {}

        @Override
        public KeyPair generateKeyPair() {
            try {
                KeyFactory factory = KeyFactory.getInstance("RSA");
                PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Files.readAllBytes(FILE));
                RSAPrivateCrtKey key = (RSAPrivateCrtKey) factory.generatePrivate(encoded);
                RSAPublicKeySpec half = new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent());
                return new KeyPair(factory.generatePublic(half), key);
            } catch (GeneralSecurityException | java.io.IOException error) {
                throw new ProviderException(FILE + " holds no key: build the image again", error);
            }
        }
    }
}

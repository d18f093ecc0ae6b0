/* SPDX-License-Identifier: MIT */
/* TLS for the origin: a certificate of the run's own, and the two ports that show it. */
#include "bench/origin/secure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "bench/origin/h2.h"
#include "bench/origin/server.h"
#include "bench/util/alloc.h"

#define VALID_S (30L * 24 * 3600) /* longer than any run */

/* As ALPN has them, with the length before the name. */
static unsigned char http1[] = "\x08http/1.1", http2[] = "\x02h2";

struct secure {
    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *http1, *http2; /* contexts, by protocol */
    struct h2 *h2;
    struct evconnlistener *listener; /* of h2 */
};

/* -- the certificate -------------------------------------------------------------------------------------------------- */

static int extension_add(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    const int added = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static int serial_make(X509 *certificate)
{
    BIGNUM *number = BN_new();
    const int made = number != NULL && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
                     BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return made;
}

/* Whether it could be made: signed by its own key, with what Python's strict check wants of an authority. */
static int certificate_make(X509 *x, EVP_PKEY *key, struct in_addr address)
{
    char names[64], text[INET_ADDRSTRLEN];
    X509_NAME *name = X509_get_subject_name(x);
    snprintf(names, sizeof names, "DNS:localhost,IP:127.0.0.1,IP:%s", inet_ntop(AF_INET, &address, text, sizeof text));
    return X509_set_version(x, X509_VERSION_3) && serial_make(x) &&
           X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x), VALID_S) != NULL && X509_set_pubkey(x, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"cobench's origin, of one run",
                                      -1, -1, 0) &&
           X509_set_issuer_name(x, name) && extension_add(x, NID_subject_key_identifier, "hash") &&
           extension_add(x, NID_authority_key_identifier, "keyid:always") &&
           extension_add(x, NID_basic_constraints, "critical,CA:TRUE") &&
           extension_add(x, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           extension_add(x, NID_subject_alt_name, names) && X509_sign(x, key, EVP_sha256()) != 0;
}

static int certificate_write(X509 *certificate, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -errno;
    const int written = PEM_write_X509(file, certificate);
    return fclose(file) == 0 && written ? 0 : -EIO;
}

/* -- connections ------------------------------------------------------------------------------------------------------ */

static int protocol_choose(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *offered,
                           unsigned offered_length, void *arg)
{
    const unsigned char *own = arg;
    (void)ssl;
    if (SSL_select_next_proto((unsigned char **)out, length, own, own[0] + 1u, offered, offered_length) ==
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_OK;
    return own == http2 ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

/* NULL: OpenSSL failed. */
static SSL_CTX *context_new(const struct secure *secure, unsigned char *protocol)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); /* 34 KB less for an idle connection */
    SSL_CTX_set_alpn_select_cb(context, protocol_choose, protocol);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) && SSL_CTX_set_num_tickets(context, 0) &&
        SSL_CTX_use_certificate(context, secure->certificate) && SSL_CTX_use_PrivateKey(context, secure->key))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static struct bufferevent *connection_make(struct event_base *base, evutil_socket_t fd, SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    struct bufferevent *made = ssl == NULL ? NULL
                                           : bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                                            BEV_OPT_CLOSE_ON_FREE);
    if (made == NULL)
        SSL_free(ssl);
    else
        bufferevent_openssl_set_allow_dirty_shutdown(made, 1); /* an end without a word is an end too */
    return made;
}

/* For evhttp, which sets the descriptor itself. */
static struct bufferevent *make_http1(struct event_base *base, void *arg)
{
    return connection_make(base, -1, ((struct secure *)arg)->http1);
}

static struct bufferevent *make_http2(struct event_base *base, evutil_socket_t fd, void *arg)
{
    return connection_make(base, fd, ((struct secure *)arg)->http2);
}

int secure_open(struct event_base *base, struct server *server, struct in_addr address, const char *file,
                struct secure **out)
{
    struct secure *secure = *out = xcalloc(1, sizeof *secure);
    secure->key = EVP_EC_gen("P-256");
    secure->certificate = X509_new();
    if (secure->key == NULL || secure->certificate == NULL ||
        !certificate_make(secure->certificate, secure->key, address))
        return -EPROTO;
    secure->http1 = context_new(secure, http1);
    secure->http2 = context_new(secure, http2);
    if (secure->http1 == NULL || secure->http2 == NULL)
        return -EPROTO;
    int rc = certificate_write(secure->certificate, file);
    if (rc == 0)
        rc = server_open_secure(server, address, make_http1, secure);
    if (rc != 0)
        return rc;
    secure->h2 = h2_new(base, server_counters(server), make_http2, secure);
    secure->listener = listener_open(base, h2_accepted, secure->h2, address, 0);
    return secure->listener == NULL ? -errno : 0;
}

void secure_close(struct secure *secure)
{
    if (secure == NULL)
        return;
    if (secure->listener != NULL)
        evconnlistener_free(secure->listener);
    h2_free(secure->h2);
    SSL_CTX_free(secure->http1);
    SSL_CTX_free(secure->http2);
    X509_free(secure->certificate);
    EVP_PKEY_free(secure->key);
    free(secure);
}

const char *secure_describe(void)
{
    static char text[96];
    snprintf(text, sizeof text, ", OpenSSL %s (P-256, no resumption), nghttp2 %s",
             OpenSSL_version(OPENSSL_VERSION_STRING), nghttp2_version(0)->version_str);
    return text;
}

int secure_h2_port(const struct secure *secure) { return listener_port(secure->listener); }

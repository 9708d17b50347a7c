# Fastly as the reverse proxy of an Auth0 custom domain with self-managed certificates (custom VCL).
#
# NOT RUN in this project's tests: written after Fastly's and Auth0's documentation. Try it with `notafter check` before DNS
# leads to it (docs/proxies.md).
#
# The service's domain is login.example.com, with a TLS subscription or your own certificate. The key is the item
# cname_api_key of a private (write-only) dictionary named auth0. No shielding: the second pass would take the first for
# the client.

backend auth0 {
  .host = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com";
  .port = "443";
  .dynamic = true;
  .share_key = "auth0";
  .ssl = true;
  .ssl_sni_hostname = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com";
  .ssl_cert_hostname = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com";
  .ssl_check_cert = always;
  .min_tls_version = "1.2";
  .connect_timeout = 5s;
  # Actions may take their time.
  .first_byte_timeout = 60s;
  .between_bytes_timeout = 10s;
}

sub vcl_recv {
  #FASTLY recv
  set req.backend = auth0;
  if (!req.http.Fastly-SSL) {
    error 801 "to https";
  }
  # Nothing may be kept: pages are one user's.
  return(pass);
}

sub vcl_pass {
  #FASTLY pass
  set bereq.http.Host = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com";
  set bereq.http.cname-api-key = table.lookup(auth0, "cname_api_key");
  # One address: Fastly itself appends to a client's own.
  set bereq.http.X-Forwarded-For = client.ip;
  # What a client may not say for itself; Cloudflare, which the edge is made of, refuses the first.
  unset bereq.http.CF-Connecting-IP;
  unset bereq.http.True-Client-IP;
  unset bereq.http.X-Azure-ClientIP;
  unset bereq.http.X-Forwarded-Host;
  unset bereq.http.Forwarded;
}

sub vcl_error {
  #FASTLY error
  if (obj.status == 801) {
    set obj.status = 308;
    set obj.response = "Permanent Redirect";
    set obj.http.Location = "https://login.example.com" req.url;
    synthetic "";
    return(deliver);
  }
}

sub vcl_deliver {
  #FASTLY deliver
  return(deliver);
}

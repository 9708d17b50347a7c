# Google Cloud's global external Application Load Balancer as the reverse proxy of an Auth0 custom domain with self-managed
# certificates (Terraform).
#
# NOT RUN in this project's tests: written after Google's and Auth0's documentation. Try it with `notafter check` before DNS
# leads to it (docs/proxies.md).
#
# The key comes from the environment, TF_VAR_cname_api_key, and lies in Terraform's state and in the backend service:
# whoever may read either has it.
#
# At Auth0 set this domain's custom_client_ip_header to true-client-ip: the load balancer writes two addresses, the
# client's and its own, into X-Forwarded-For, and Auth0 wants one.

variable "cname_api_key" {
  type      = string
  sensitive = true
}

resource "google_compute_global_network_endpoint_group" "auth0" {
  name                  = "auth0-edge"
  network_endpoint_type = "INTERNET_FQDN_PORT"
  default_port          = 443
}

# A name, which Google asks DNS for: Auth0's addresses change.
resource "google_compute_global_network_endpoint" "auth0" {
  global_network_endpoint_group = google_compute_global_network_endpoint_group.auth0.name
  fqdn                          = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com"
  port                          = 443
}

resource "google_compute_backend_service" "auth0" {
  name                  = "auth0"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  # HTTPS to a name: its certificate is verified, and SNI is the name.
  protocol = "HTTPS"
  # The default, 30, is short for slow Actions: users would see 504.
  timeout_sec = 60
  enable_cdn  = false

  backend {
    group = google_compute_global_network_endpoint_group.auth0.id
  }

  # "Invalid API key" without the first, "403 Forbidden" without the second.
  custom_request_headers = [
    "cname-api-key: ${var.cname_api_key}",
    "host: example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com",
    "True-Client-IP: {client_ip_address}",
  ]
}

resource "google_compute_url_map" "login" {
  name            = "auth0-login"
  default_service = google_compute_backend_service.auth0.id

  host_rule {
    hosts        = ["login.example.com"]
    path_matcher = "auth0"
  }

  path_matcher {
    name            = "auth0"
    default_service = google_compute_backend_service.auth0.id

    route_rules {
      priority = 1
      match_rules {
        prefix_match = "/"
      }
      service = google_compute_backend_service.auth0.id
      header_action {
        # What a client may not say for itself; Cloudflare, which the edge is made of, refuses the first.
        request_headers_to_remove = ["CF-Connecting-IP", "X-Azure-ClientIP"]
      }
      route_action {
        # In both places, says Auth0's guide.
        url_rewrite {
          host_rewrite = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com"
        }
      }
    }
  }
}

# Renewed by Google as long as DNS leads to the address below.
resource "google_compute_managed_ssl_certificate" "login" {
  name = "auth0-login"
  managed {
    domains = ["login.example.com"]
  }
}

resource "google_compute_ssl_policy" "login" {
  name            = "auth0-login"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "login" {
  name             = "auth0-login"
  url_map          = google_compute_url_map.login.id
  ssl_certificates = [google_compute_managed_ssl_certificate.login.id]
  ssl_policy       = google_compute_ssl_policy.login.id
}

resource "google_compute_global_address" "login" {
  name = "auth0-login"
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = "auth0-login-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_https_proxy.login.id
  ip_address            = google_compute_global_address.login.address
  port_range            = "443"
}

resource "google_compute_url_map" "to_https" {
  name = "auth0-login-to-https"
  default_url_redirect {
    https_redirect         = true
    strip_query            = false
    redirect_response_code = "PERMANENT_REDIRECT"
  }
}

resource "google_compute_target_http_proxy" "to_https" {
  name    = "auth0-login-to-https"
  url_map = google_compute_url_map.to_https.id
}

resource "google_compute_global_forwarding_rule" "http" {
  name                  = "auth0-login-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_http_proxy.to_https.id
  ip_address            = google_compute_global_address.login.address
  port_range            = "80"
}

# Cloudflare as the reverse proxy of an Auth0 custom domain with self-managed certificates (Terraform, provider 4).
#
# NOT RUN in this project's tests: written after Cloudflare's and Auth0's documentation. Try it with `notafter check` before
# users are sent to it (docs/proxies.md).
#
# Needs an Enterprise zone: the host override and True-Client-IP are not in the other plans. The key comes from the
# environment, TF_VAR_cname_api_key, and lies in Terraform's state: keep that as safe.
#
# At Auth0 set this domain's custom_client_ip_header to true-client-ip. cf-connecting-ip will not do: Cloudflare, which
# Auth0's edge is made of as well, refuses requests that bring it along.

terraform {
  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 4.40"
    }
  }
}

variable "zone_id" {
  type = string
}

variable "cname_api_key" {
  type      = string
  sensitive = true
}

# Proxied, or the CNAME leads straight to Auth0's edge, which has no certificate for the domain.
resource "cloudflare_record" "login" {
  zone_id = var.zone_id
  name    = "login.example.com"
  type    = "CNAME"
  content = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com"
  proxied = true
}

resource "cloudflare_page_rule" "to_auth0" {
  zone_id  = var.zone_id
  target   = "https://login.example.com/*"
  priority = 2
  actions {
    # Auth0 wants the origin host here, not the domain.
    host_header_override  = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com"
    true_client_ip_header = "on"
    # The origin's certificate is verified.
    ssl         = "strict"
    cache_level = "bypass"
  }
}

resource "cloudflare_page_rule" "to_https" {
  zone_id  = var.zone_id
  target   = "http://login.example.com/*"
  priority = 1
  actions {
    always_use_https = true
  }
}

resource "cloudflare_ruleset" "key" {
  zone_id = var.zone_id
  name    = "The key for Auth0"
  kind    = "zone"
  phase   = "http_request_late_transform"
  rules {
    description = "Auth0 accepts traffic of this domain with its key alone"
    expression  = "(http.host eq \"login.example.com\")"
    action      = "rewrite"
    action_parameters {
      headers {
        name      = "cname-api-key"
        operation = "set"
        value     = var.cname_api_key
      }
    }
  }
}

# Programs cannot pass a challenge: what they call is left out of it. A zone has one ruleset of this phase: where there is
# one already, the rule belongs in there, before those that challenge.
resource "cloudflare_ruleset" "no_challenge" {
  zone_id = var.zone_id
  name    = "No challenges for programs"
  kind    = "zone"
  phase   = "http_request_firewall_custom"
  rules {
    description = "What programs call of Auth0"
    expression  = <<-EOT
      http.host eq "login.example.com" and (
        http.request.uri.path in {
          "/oauth/token" "/oauth/revoke" "/userinfo" "/co/authenticate" "/usernamepassword/login" "/mfa/challenge"
          "/mfa/associate" "/passwordless/start" "/v2/logout"
          "/.well-known/openid-configuration" "/.well-known/jwks.json"
        }
        or starts_with(http.request.uri.path, "/api/v2/")
        or starts_with(http.request.uri.path, "/dbconnections/")
        or starts_with(http.request.uri.path, "/samlp/")
        or starts_with(http.request.uri.path, "/wsfed/")
      )
    EOT
    action      = "skip"
    action_parameters {
      ruleset  = "current"
      phases   = ["http_request_sbfm", "http_request_firewall_managed", "http_ratelimit"]
      products = ["bic", "securityLevel", "uaBlock"]
    }
    logging {
      enabled = true
    }
  }
}

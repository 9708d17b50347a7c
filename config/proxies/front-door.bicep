# NOT RUN login.example.com example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com

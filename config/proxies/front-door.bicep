// Azure Front Door as the reverse proxy of an Auth0 custom domain with self-managed certificates (Bicep).
//
// NOT RUN in this project's tests: written after Microsoft's and Auth0's documentation. Try it with `notafter check` before
// DNS leads to it (docs/proxies.md).
//
//     az deployment group create --resource-group auth0-login --template-file front-door.bicep --parameters cnameApiKey=…
//
// better: from Key Vault, by a parameter file. Whoever may read the rule set sees the key.
//
// At Auth0 set this domain's custom_client_ip_header to x-azure-clientip: Front Door appends to an X-Forwarded-For that a
// client brings along, and Auth0 wants one address.

@secure()
param cnameApiKey string

var domain = 'login.example.com'
var origin = 'example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com'

resource profile 'Microsoft.Cdn/profiles@2024-09-01' = {
  name: 'auth0-login'
  location: 'global'
  sku: { name: 'Standard_AzureFrontDoor' }
  properties: {
    // The default, 30, is short for slow Actions: users would see 504.
    originResponseTimeoutSeconds: 60
  }
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2024-09-01' = {
  parent: profile
  name: 'auth0-login'
  location: 'global'
  properties: { enabledState: 'Enabled' }
}

resource group 'Microsoft.Cdn/profiles/originGroups@2024-09-01' = {
  parent: profile
  name: 'auth0'
  properties: {
    // One origin needs no health probe; without the key it would fail.
    loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3 }
    sessionAffinityState: 'Disabled'
  }
}

resource auth0 'Microsoft.Cdn/profiles/originGroups/origins@2024-09-01' = {
  parent: group
  name: 'edge'
  properties: {
    hostName: origin
    // Host and SNI. Empty it would be the client's Host, and Auth0 would answer 403.
    originHostHeader: origin
    httpsPort: 443
    enforceCertificateNameCheck: true
    enabledState: 'Enabled'
  }
}

// DNS: a TXT record _dnsauth.login.example.com with customDomain.properties.validationProperties.validationToken. The
// certificate is Front Door's own, and is renewed only while the CNAME leads here.
resource customDomain 'Microsoft.Cdn/profiles/customDomains@2024-09-01' = {
  parent: profile
  name: 'login'
  properties: {
    hostName: domain
    tlsSettings: { certificateType: 'ManagedCertificate', minimumTlsVersion: 'TLS12' }
  }
}

resource rules 'Microsoft.Cdn/profiles/ruleSets@2024-09-01' = {
  parent: profile
  name: 'auth0'
}

resource headers 'Microsoft.Cdn/profiles/ruleSets/rules@2024-09-01' = {
  parent: rules
  name: 'headers'
  properties: {
    order: 1
    // Without conditions: always.
    conditions: []
    actions: [
      {
        name: 'ModifyRequestHeader'
        parameters: {
          typeName: 'DeliveryRuleHeaderActionParameters'
          headerAction: 'Overwrite'
          headerName: 'cname-api-key'
          value: cnameApiKey
        }
      }
      {
        name: 'ModifyRequestHeader'
        parameters: {
          typeName: 'DeliveryRuleHeaderActionParameters'
          headerAction: 'Delete'
          headerName: 'CF-Connecting-IP'
        }
      }
      {
        name: 'ModifyRequestHeader'
        parameters: {
          typeName: 'DeliveryRuleHeaderActionParameters'
          headerAction: 'Delete'
          headerName: 'True-Client-IP'
        }
      }
    ]
  }
}

resource route 'Microsoft.Cdn/profiles/afdEndpoints/routes@2024-09-01' = {
  parent: endpoint
  name: 'auth0'
  properties: {
    customDomains: [ { id: customDomain.id } ]
    originGroup: { id: group.id }
    ruleSets: [ { id: rules.id } ]
    patternsToMatch: [ '/*' ]
    supportedProtocols: [ 'Http', 'Https' ]
    forwardingProtocol: 'HttpsOnly'
    httpsRedirect: 'Enabled'
    // Else the endpoint's own name would be another door to the login.
    linkToDefaultDomain: 'Disabled'
    // No cacheConfiguration: nothing is cached.
  }
  dependsOn: [ auth0, headers ]
}

output target string = endpoint.properties.hostName

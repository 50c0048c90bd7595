"""Recognises credentials by their form: tokens as their vendors document them, the part of a URL before its ``@``.

The measure are the rules of detect-secrets 1.5, and those of gitleaks 8 that need no name beside the token. A test holds
this list to the former.
"""

import re

# Not all are looked for everywhere: of a private key the form is that of its head alone.
PRIVATE_KEY = r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
TOKENS = {
    "an AWS access key": r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{60,})",
    "a GitLab token": r"(?:(?:glpat|gldt|glft|glsoat|glrt|glptt|glagent|gloas|glimt|glcbt|glffct)-|GR1348941)[A-Za-z0-9_-]{20,}",
    "a Slack token": r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{20,}|xox[abeoprsABEOPRS]-(?:\d+-)+[a-zA-Z0-9]+|xapp-\d-[A-Za-z0-9-]{20,})",
    "a Slack webhook": r"(?i:https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/]{7,})",
    "a Discord token": r"\b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}",
    "a Discord webhook": r"https://discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]{40,}",
    "a Teams webhook": r"https://[a-z0-9-]+\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/-]{60,}",
    "a Stripe key": r"\b(?:[rs]k_(?:live|test|prod)_[A-Za-z0-9]{20,}|whsec_[A-Za-z0-9+/=]{24,})",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Google OAuth token": r"\b(?:ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28}|1//0[A-Za-z0-9_-]{30,})",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36,}",
    "a PyPI token": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "a SendGrid key": r"SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}",
    "a Mailchimp key": r"\b[0-9a-f]{32}-us[0-9]{1,2}\b",
    "a Mailgun key": r"\bkey-[0-9a-f]{32}\b",
    "a Twilio key": r"(?<![A-Za-z0-9+/_-])(?:AC|SK)[a-f0-9]{32}(?![A-Za-z0-9+/_-])",
    "an Artifactory token": r"(?<![A-Za-z0-9+/_-])AKC[A-Za-z0-9]{30,}",
    "an Atlassian token": r"\bATATT3[A-Za-z0-9_=-]{60,}|\bATCTT3[A-Za-z0-9_=-]{60,}|\bATBB[A-Za-z0-9]{32}\b",
    "an OpenAI key": r"sk-[A-Za-z0-9_-]*T3BlbkFJ[A-Za-z0-9_-]{20,}",
    "an Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{32,}",
    "a Telegram token": r"(?<!\d)\d{8,10}:[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])",
    "a Square token": r"\b(?:sq0(?:csp|atp)-[0-9A-Za-z_-]{22,43}|EAAA[A-Za-z0-9_-]{60})",
    "a Shopify token": r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",
    "a Linear key": r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,}",
    "a Notion token": r"\b(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})\b",
    "a DigitalOcean token": r"\bdo[opr]_v1_[a-f0-9]{64}\b",
    "a Databricks token": r"\bdapi[a-f0-9]{32}(?:-\d)?\b",
    "a HashiCorp token": r"\b(?:hv[sbr]\.[A-Za-z0-9_-]{24,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,})",
    "a Grafana token": r"\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,}",
    "a New Relic key": r"\bNR(?:AK|JS|II|RA|AL)-[A-Za-z0-9_-]{19,}",
    "a Sentry token": r"\bsntry[us]_[A-Za-z0-9+/=_-]{40,}",
    "a Docker token": r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}",
    "a PlanetScale token": r"\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}",
    "a Postman key": r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{34,}\b",
    "an Azure AD secret": r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}",
    "an age key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b",
    "a RubyGems key": r"\brubygems_[a-f0-9]{48}\b",
    "a Doppler token": r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}",
    "a 1Password token": r"\bops_eyJ[A-Za-z0-9+/=_-]{100,}",
    # A private key without the lines around it: what its DER begins with, in base64.
    "a private key": (
        r"(?<![A-Za-z0-9+/])(?:MII[A-Za-z0-9+/]{3,6}IBAAKCA[A-Za-z0-9+/]{100,}=*|"
        r"MII[A-Za-z0-9+/]{3,6}(?:IBADANBgkqhkiG9w0BAQEFAASC)[A-Za-z0-9+/]{100,}=*|"
        r"MHcCAQEEI[A-Za-z0-9+/]{100,}=*|MI[A-Za-z0-9+/]{2,4}CAQAwE[A-Za-z0-9+/]{80,}=*|"
        r"MC4CAQAwBQYDK2V[A-Za-z0-9+/]{40,}=*|b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/]{100,}=*)"
    ),
}
ANY_TOKEN = re.compile("|".join(TOKENS.values()))
# Header, claims and signature, of which the last is missing if it is unsigned.
JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
USER_INFO = re.compile(r"(?<=://)([^/\s:@\"'<>]*):([^/\s@\"'<>]+)(?=@)")

"""Signs as many requests as it is told with botocore; prints the seconds that the signing alone took."""
import sys
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

count = int(sys.argv[1])
signer = SigV4Auth(Credentials("AKIDEXAMPLE", "benchmark-secret"), "execute-api", "eu-west-1")
body = b'{"data":{"epost":"ada@example.com","namn":"Ada"},"group_key":"benchmark"}'
requests = [
    AWSRequest(
        method="POST", url="https://api.example.com/v1/events", data=body, headers={"content-type": "application/json"}
    )
    for _ in range(count)
]
start = time.perf_counter()
for request in requests:
    signer.add_auth(request)
print(time.perf_counter() - start)
